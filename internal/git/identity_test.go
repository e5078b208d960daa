package git

import "testing"

func TestHosted(t *testing.T) {
	for remote, want := range map[string]string{
		"https://github.com/team/shop.git":             "github.com/team/shop",
		"https://jane:secret@GitHub.com/team/shop":     "github.com/team/shop",
		"https://x-access-token:secret@h.org:8443/a/b": "h.org/a/b",
		"git@github.com:team/shop.git":                 "github.com/team/shop",
		"ssh://git@github.com:22/team/shop.git/":       "github.com/team/shop",
		"/srv/git/shop.git":                            "shop",
		"../shop":                                      "shop",
		"file:///srv/git/shop.git":                     "shop",
		"":                                             ".",
	} {
		if got := hosted(remote); got != want {
			t.Errorf("%q: %q, want %q", remote, got, want)
		}
	}
}

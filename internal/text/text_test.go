package text

import "testing"

// TestShellQuote proves G.2.
func TestShellQuote(t *testing.T) {
	got := ShellQuote([]string{"dbt", "build", "--vars", `{"a":"it's"}`, "-s", "tag:x,+y", "", "ä b"})
	want := `dbt build --vars '{"a":"it'"'"'s"}' -s tag:x,+y '' 'ä b'`
	if got != want {
		t.Errorf("quoted %s, want %s", got, want)
	}
}

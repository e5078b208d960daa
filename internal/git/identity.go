package git

import (
	"context"
	"net/url"
	"path"
	"strings"
)

// An Identity says who works in a repository, and where its origin is hosted.
type Identity struct {
	User string // user.name
	// Origin is the address of the remote origin without the protocol, a user or a password, so that
	// all ways to clone the repository have the same: github.com/team/shop. "" for none.
	Origin string
}

// Identity reads the repository's Identity from git's configuration. What isn't configured is "".
func (r *Repo) Identity(ctx context.Context) Identity {
	var id Identity
	out, err := run(ctx, "config", command(r.Top, "config", "--null", "--get-regexp", `^(user\.name|remote\.origin\.url)$`))
	if err != nil { // nothing is configured
		return id
	}
	for _, entry := range entries(out) {
		switch name, value, _ := strings.Cut(entry, "\n"); name {
		case "user.name":
			id.User = value
		case "remote.origin.url":
			id.Origin = hosted(value)
		}
	}
	return id
}

// hosted returns the host and the path of a remote's URL; see [Identity]. git-clone(1) lists the
// forms: a URL, host:path, or the path of a directory.
func hosted(remote string) string {
	host, dir := "", remote
	if u, err := url.Parse(remote); err == nil && strings.Contains(remote, "://") {
		host, dir = u.Hostname(), u.Path
	} else if before, after, ok := strings.Cut(remote, ":"); ok && !strings.Contains(before, "/") {
		host, dir = before[strings.LastIndex(before, "@")+1:], after
	}
	dir = strings.TrimSuffix(strings.TrimSuffix(dir, "/"), ".git")
	if host == "" {
		return path.Base(strings.ReplaceAll(dir, `\`, "/")) // a path of this machine says nothing elsewhere
	}
	return strings.ToLower(host) + "/" + strings.Trim(dir, "/")
}

package git

import (
	"context"
	"errors"
	"path/filepath"
	"strings"

	"dot-for-dbt/internal/proc"
)

// Ignored returns which of some paths git ignores, by the user's own rules, too. Paths are absolute and
// below Top, and need not exist; a directory's ends in a separator. A file that is committed or added is
// not ignored, whatever the rules say.
func (r *Repo) Ignored(ctx context.Context, paths []string) (map[string]bool, error) {
	var asked strings.Builder
	named := make(map[string]string, len(paths))
	for _, path := range paths {
		below, err := filepath.Rel(r.Top, path)
		if err != nil || !filepath.IsLocal(below) || below == "." {
			continue
		}
		name := filepath.ToSlash(below)
		if strings.HasSuffix(path, string(filepath.Separator)) {
			name += "/"
		}
		named[name] = path
		asked.WriteString(name + "\x00")
	}
	ignored := map[string]bool{}
	if len(named) == 0 {
		return ignored, nil
	}
	check := command(r.Top, "check-ignore", "-z", "--stdin")
	check.Stdin = strings.NewReader(asked.String())
	out, err := run(ctx, "check-ignore", check)
	if failed := (*proc.ExitError)(nil); errors.As(err, &failed) && failed.Exit.Code == 1 { // none is
		return ignored, nil
	}
	if err != nil {
		return nil, err
	}
	for _, name := range entries(out) {
		ignored[named[name]] = true
	}
	return ignored, nil
}

package git

import (
	"context"
	"errors"
	"strings"

	"dot-for-dbt/internal/proc"
)

// Grep returns, for each of some commits, the files below path as the commit has them that hold a text: case counts, a
// line break does not match. path has slashes and is from the top of the repository, "" for all of it. So are the files.
//
// Files that git takes for binary are searched, too: an attribute may call any file that, and one too many is better
// than one too few.
func (r *Repo) Grep(ctx context.Context, commits []string, path, text string) (map[string][]string, error) {
	if len(commits) == 0 {
		return nil, nil
	}
	for _, commit := range commits {
		if err := r.prefetch(ctx, commit, path); err != nil {
			return nil, err
		}
	}
	args := []string{
		"--literal-pathspecs", "grep", "--files-with-matches", "--null", "--fixed-strings", "--text", "--full-name", "--no-color",
		"--no-recurse-submodules", "-e", text,
	}
	args = append(append(args, commits...), "--")
	if path != "" {
		args = append(args, path)
	}
	out, err := run(ctx, "grep", command(r.Top, args...))
	if failed := (*proc.ExitError)(nil); errors.As(err, &failed) && failed.Exit.Code == 1 && failed.Stderr == "" {
		return nil, nil // nothing found
	}
	if err != nil {
		return nil, err
	}
	found := map[string][]string{}
	for _, entry := range entries(out) {
		commit, file, _ := strings.Cut(entry, ":")
		found[commit] = append(found[commit], file)
	}
	return found, nil
}

// entries splits what git writes with -z.
func entries(out []byte) []string {
	if len(out) == 0 {
		return nil
	}
	return strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
}

package git

import (
	"context"
	"errors"
	"strings"

	"dot-for-dbt/internal/proc"
)

// Grep returns the files below path, as a commit has them, that hold a text: case counts, a line break does not match.
// path has slashes and is from the top of the repository, "" for all of it. So are the files.
//
// Files that git takes for binary are searched, too: an attribute may call any file that, and one too many is better
// than one too few.
func (r *Repo) Grep(ctx context.Context, commit, path, text string) ([]string, error) {
	if err := r.prefetch(ctx, commit, path); err != nil {
		return nil, err
	}
	args := []string{
		"--literal-pathspecs", "grep", "--files-with-matches", "--null", "--fixed-strings", "--text", "--full-name", "--no-color",
		"--no-recurse-submodules", "-e", text, commit, "--",
	}
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
	var files []string
	for _, file := range entries(out) {
		files = append(files, strings.TrimPrefix(file, commit+":"))
	}
	return files, nil
}

// entries splits what git writes with -z.
func entries(out []byte) []string {
	if len(out) == 0 {
		return nil
	}
	return strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
}

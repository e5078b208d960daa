package git

import (
	"context"
	"errors"
	"slices"
	"strings"

	"dot-for-dbt/internal/proc"
)

// Grep searches commits for texts: it returns, for each commit, the files below paths that contain
// one of them. Case counts, and a text can't span lines. paths and the returned files have slashes
// and start at the top of the repository; an empty path means all of it.
//
// Files that git takes for binary are searched, too. Attributes may declare any file binary, and a
// false positive is better than a miss.
func (r *Repo) Grep(ctx context.Context, commits, paths []string, texts ...string) (map[string][]string, error) {
	if len(commits) == 0 {
		return nil, nil
	}
	if slices.Contains(paths, "") {
		paths = nil
	}
	for _, commit := range commits {
		if err := r.prefetch(ctx, commit, paths...); err != nil {
			return nil, err
		}
	}
	args := []string{
		"--literal-pathspecs", "grep", "--files-with-matches", "--null", "--fixed-strings", "--text", "--full-name", "--no-color",
		"--no-recurse-submodules",
	}
	for _, text := range texts {
		args = append(args, "-e", text)
	}
	found := map[string][]string{}
	for some := range slices.Chunk(commits, mostCommits) {
		out, err := run(ctx, "grep", r.reader(slices.Concat(args, some, []string{"--"}, paths)...))
		if failed := (*proc.ExitError)(nil); errors.As(err, &failed) && failed.Exit.Code == 1 && failed.Stderr == "" {
			continue // nothing found
		}
		if err != nil {
			return nil, err
		}
		for _, entry := range entries(out) {
			commit, file, _ := strings.Cut(entry, ":")
			found[commit] = append(found[commit], file)
		}
	}
	return found, nil
}

// mostCommits is how many commits one git grep is given: a command line has a limited length, on Windows
// of 32,767 characters.
const mostCommits = 500

// entries splits the NUL-separated output of git -z.
func entries(out []byte) []string {
	if len(out) == 0 {
		return nil
	}
	return strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
}

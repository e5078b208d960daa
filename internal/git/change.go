package git

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// A ChangedFile is a file that differs between two commits.
type ChangedFile struct {
	Path string // from the top of the repository, with slashes
	From string // its path in the first commit if it was renamed, else ""
	// Added and Removed are numbers of lines; nil if git has none, as for a binary file.
	Added, Removed *int
}

// ChangedLines returns the files that differ between two commits, with the numbers of lines. A file
// that was moved and is at least half the same is one file (git-diff(1): --find-renames). In a
// partial clone the files' contents must be there.
func (r *Repo) ChangedLines(ctx context.Context, from, to string) ([]ChangedFile, error) {
	out, err := run(ctx, "diff-tree", r.reader("diff-tree", "-r", "--find-renames", "--no-ext-diff", "--numstat", "-z", from, to))
	if err != nil {
		return nil, fmt.Errorf("comparing %s with %s: %w", from, to, err)
	}
	return readNumstat(out)
}

// readNumstat reads git diff --numstat -z: "added TAB removed TAB path NUL" or, for a renamed file,
// "added TAB removed TAB NUL old path NUL new path NUL".
func readNumstat(out []byte) ([]ChangedFile, error) {
	var files []ChangedFile
	for fields := entries(out); len(fields) > 0; {
		parts := strings.SplitN(fields[0], "\t", 3)
		if len(parts) != 3 {
			return nil, fmt.Errorf("git diff-tree: unexpected output %q", fields[0])
		}
		file := ChangedFile{Path: parts[2], Added: lines(parts[0]), Removed: lines(parts[1])}
		fields = fields[1:]
		if file.Path == "" {
			if len(fields) < 2 {
				return nil, errors.New("git diff-tree: a renamed file has no names")
			}
			file.From, file.Path, fields = fields[0], fields[1], fields[2:]
		}
		files = append(files, file)
	}
	return files, nil
}

// lines reads a number of lines; "-" is none.
func lines(field string) *int {
	n, err := strconv.Atoi(field)
	if err != nil {
		return nil
	}
	return &n
}

// BranchAt returns the name of the branch that a person would name for a commit: ref if it is a
// branch at the commit, the branch that is checked out there, or the only local branch there, or the
// only remote one. It returns "" if there is none, or several.
func (r *Repo) BranchAt(ctx context.Context, commit, ref string) (string, error) {
	// A symbolic ref, such as a remote's HEAD, is an empty line.
	out, err := run(ctx, "for-each-ref", command(r.Top, "for-each-ref", "--points-at="+commit,
		"--format=%(if)%(symref)%(then)%(else)%(HEAD)%(refname)%(end)", "refs/heads", "refs/remotes"))
	if err != nil {
		return "", err
	}
	var local, remote []string
	head := ""
	for line := range strings.Lines(string(out)) {
		name := strings.TrimSpace(line)
		checkedOut := strings.HasPrefix(name, "*")
		name = strings.TrimPrefix(name, "*")
		if short, ok := strings.CutPrefix(name, "refs/heads/"); ok {
			local = append(local, short)
			if checkedOut {
				head = short
			}
		} else if short, ok := strings.CutPrefix(name, "refs/remotes/"); ok {
			remote = append(remote, short)
		}
	}
	for _, name := range append(local, remote...) {
		if name == ref {
			return printable(name), nil
		}
	}
	switch {
	case head != "":
		return printable(head), nil
	case len(local) == 1:
		return printable(local[0]), nil
	case len(local) == 0 && len(remote) == 1:
		return printable(remote[0]), nil
	}
	return "", nil
}

package ignore

import (
	"bytes"
	"errors"
	"path/filepath"
	"slices"
)

// gitignoreLine keeps git, and what goes by git's rules, out of .dot/.
const gitignoreLine = ".dot/"

// AddToGitignore adds the line for .dot/ to the .gitignore in root, or makes
// one. A file that can't be changed as it should be stays as it is: a symbolic
// link (git reads none in a worktree, since 2.32), one that is read-only, one
// in an encoding that git can't read.
func AddToGitignore(root string) error {
	return update(filepath.Join(root, ".gitignore"), withGitignoreLine)
}

// withGitignoreLine adds the line at the end, where it has the last word, and
// ends lines as the file does, the last one too.
func withGitignoreLine(text []byte) ([]byte, error) {
	if bytes.IndexByte(text, 0) >= 0 {
		return nil, errors.New("1:1: not UTF-8, which is all that git reads: save it as UTF-8")
	}
	eol := lineEnd(text)
	if len(text) > 0 && !bytes.HasSuffix(text, []byte("\n")) {
		return slices.Concat(text, []byte(eol+gitignoreLine)), nil
	}
	return slices.Concat(text, []byte(gitignoreLine+eol)), nil
}

// lineEnd is what the last line that has an end ends in.
func lineEnd(text []byte) string {
	if i := bytes.LastIndexByte(text, '\n'); i > 0 && text[i-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}

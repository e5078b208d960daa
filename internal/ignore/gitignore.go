package ignore

import (
	"bytes"
	"errors"
	"path/filepath"
	"slices"
)

// gitignoreLine keeps git, and programs that follow .gitignore, out of .dot/.
const gitignoreLine = ".dot/"

// AddToGitignore adds the line for .dot/ to the .gitignore in root, or makes that file. It leaves
// these files alone, with an error: a symbolic link (since 2.32, git reads none in a worktree), a
// read-only file, and an encoding that git can't read.
func AddToGitignore(root string) error {
	return update(filepath.Join(root, ".gitignore"), withGitignoreLine)
}

// withGitignoreLine adds the line at the end, where it overrules earlier lines. It uses the file's
// own line ends, also after the last line.
func withGitignoreLine(text []byte) ([]byte, error) {
	if bytes.IndexByte(text, 0) >= 0 {
		return nil, errors.New("1:1: not UTF-8, and git reads nothing else: save it as UTF-8")
	}
	eol := lineEnd(text)
	if len(text) > 0 && !bytes.HasSuffix(text, []byte("\n")) {
		return slices.Concat(text, []byte(eol+gitignoreLine)), nil
	}
	return slices.Concat(text, []byte(gitignoreLine+eol)), nil
}

// lineEnd returns the characters that end the last complete line.
func lineEnd(text []byte) string {
	if i := bytes.LastIndexByte(text, '\n'); i > 0 && text[i-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}

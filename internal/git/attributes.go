package git

import (
	"bufio"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// converting are the attributes that change a file's bytes when git checks it out.
var converting = []string{"text", "crlf", "eol", "ident", "filter", "working-tree-encoding", "binary"}

// OwnAttributes returns the first line of the repository's info/attributes that changes files in
// its worktrees, after its place: file:line. "" means none. These attributes are in no commit, and
// git (2.39) has no option that leaves them out.
func (r *Repo) OwnAttributes() (place, line string, err error) {
	name := filepath.Join(r.CommonDir, "info", "attributes")
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return "", "", nil
	}
	if err != nil {
		return "", "", err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for number := 1; lines.Scan(); number++ {
		line := strings.TrimSpace(lines.Text())
		if line != "" && line[0] != '#' && slices.ContainsFunc(strings.Fields(line)[1:], converts) {
			return name + ":" + strconv.Itoa(number), line, nil
		}
	}
	return "", "", lines.Err()
}

// converts reports whether an attribute, such as -text or eol=crlf, is one of those.
func converts(attribute string) bool {
	name, _, _ := strings.Cut(strings.TrimLeft(attribute, "-!"), "=")
	return slices.Contains(converting, name)
}

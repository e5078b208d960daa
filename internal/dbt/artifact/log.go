package artifact

import (
	"bufio"
	"io"
	"os"
	"strings"
)

// began precedes the node's id in a line of dbt's log file (dbt 1.11.16: event NodeStart, at level
// debug, which is the file's default).
const began = "Began running node "

// BegunNodes reads dbt's log file from offset on, and returns the nodes that a run began. If dbt
// left no run results, it did not touch any other node. ok is false if the log can't tell: it is
// missing, shorter than offset (dbt starts a new one at 10 MiB), or has no line at level debug.
func BegunNodes(file string, offset int64) (ids []string, ok bool) {
	f, err := os.Open(file)
	if err != nil {
		return nil, false
	}
	defer f.Close()
	if size, err := f.Seek(0, io.SeekEnd); err != nil || size < offset {
		return nil, false
	}
	if _, err := f.Seek(offset, io.SeekStart); err != nil {
		return nil, false
	}
	lines := bufio.NewReader(f)
	for {
		line, err := lines.ReadString('\n')
		ok = ok || strings.Contains(line, "[debug]")
		if _, id, found := strings.Cut(line, began); found {
			ids = append(ids, strings.TrimSpace(id))
		}
		if err != nil {
			return ids, ok
		}
	}
}

// LogSize returns the size of a log file in bytes, for use as an offset in BegunNodes.
func LogSize(file string) int64 {
	info, err := os.Stat(file)
	if err != nil {
		return 0
	}
	return info.Size()
}

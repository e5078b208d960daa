package artifact

import (
	"bufio"
	"io"
	"os"
	"strings"

	"dot-for-dbt/internal/lazy"
)

// Log is what dbt's log file tells of a run: where dbt was killed there are no
// run results, and the log says how far it got. Every list holds unique_ids, in
// the order of the log.
type Log struct {
	// Known is false where the file doesn't tell: it is gone, shorter than it
	// was (dbt starts a new one at 10 MiB), or has no line at level debug.
	Known bool
	// Silent is set where the run has not written a line.
	Silent bool
	// Begun are the nodes that the run began, but for those that it skipped:
	// whatever it did not begin, it did not touch.
	Begun []string
	// Written and Failed are those of them that it also came to the end of.
	Written, Failed []string
}

// The lines of dbt's text log that tell of nodes (dbt 1.11.16). Began and
// finished are events NodeStart and NodeFinished, at level debug, which is the
// file's default. Between the two, the same thread says how the node ended.
const (
	began    = "Began running node "
	finished = "Finished running node "
)

var (
	logLine    = lazy.Regexp(`^\S+ \[(\w+) *\] \[([^\]]*)\]: (.*)$`)
	logOutcome = lazy.Regexp(`^\d+ of \d+ (OK|ERROR|SKIP)\b`)
	logColour  = lazy.Regexp("\x1b\\[[0-9;]*m")
)

// ReadLog reads dbt's log file from offset on.
func ReadLog(file string, offset int64) Log {
	f, err := os.Open(file)
	if err != nil {
		return Log{Silent: offset == 0 && os.IsNotExist(err)}
	}
	defer f.Close()
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil || size < offset {
		return Log{}
	}
	if size == offset {
		return Log{Silent: true}
	}
	if _, err := f.Seek(offset, io.SeekStart); err != nil {
		return Log{}
	}
	return parseLog(f)
}

func parseLog(r io.Reader) Log {
	var log Log
	outcome := map[string]string{} // of the node that a thread works on
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadString('\n')
		line = logColour().ReplaceAllString(strings.TrimRight(line, "\r\n"), "")
		log.Known = log.Known || strings.Contains(line, "[debug]")
		if m := logLine().FindStringSubmatch(line); m != nil {
			log.read(m[2], m[3], outcome)
		}
		if err != nil {
			return log
		}
	}
}

// read takes in what a thread says.
func (l *Log) read(thread, text string, outcome map[string]string) {
	if id, ok := strings.CutPrefix(text, began); ok {
		l.Begun = append(l.Begun, id)
		outcome[thread] = ""
		return
	}
	if m := logOutcome().FindStringSubmatch(text); m != nil {
		outcome[thread] = m[1]
		return
	}
	id, ok := strings.CutPrefix(text, finished)
	if !ok {
		return
	}
	switch outcome[thread] {
	case "OK":
		l.Written = append(l.Written, id)
	case "ERROR":
		l.Failed = append(l.Failed, id)
	case "SKIP":
		l.forget(id)
	}
	delete(outcome, thread)
}

// forget takes a node that was skipped out of those that were begun.
func (l *Log) forget(id string) {
	for i := len(l.Begun) - 1; i >= 0; i-- {
		if l.Begun[i] == id {
			l.Begun = append(l.Begun[:i], l.Begun[i+1:]...)
			return
		}
	}
}

// LogSize is the size of a log file in bytes: the offset for ReadLog.
func LogSize(file string) int64 {
	info, err := os.Stat(file)
	if err != nil {
		return 0
	}
	return info.Size()
}

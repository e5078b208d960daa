package artifact

import (
	"bufio"
	"encoding/json"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"dot-for-dbt/internal/lazy"
)

// Log is what dbt's log file tells of a run: where dbt was killed there are no
// run results, and the log says how far it got. Every list holds unique_ids, in
// the order of the log. The text log of dbt 2 names relations instead: see [Log.ByRelation].
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

// The lines of dbt 2's text log (2.0.0-alpha.4) that tell of nodes. They name the type, the schema and
// the alias, and no thread.
var (
	log2Began    = lazy.Regexp(`^\S+ \[info \]: +Started (\w+ [^ ]+\.[^ ]+)$`)
	log2Finished = lazy.Regexp(`^\S+ \[info \]: +Finished running \[[^\]]*\] (\w+ [^ ]+\.[^ ]+) \[(\w+)\]$`)
)

// A jsonLine is an event in a log of JSON lines, which either dbt writes if asked to.
type jsonLine struct {
	Info struct {
		Code, Level string
	}
	Data struct {
		NodeInfo struct {
			ID     string `json:"unique_id"`
			Status string `json:"node_status"`
		} `json:"node_info"`
	}
}

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
		log.readLine(line, outcome)
		if err != nil {
			return log
		}
	}
}

// readLine takes in a line of any of dbt's logs.
func (l *Log) readLine(line string, outcome map[string]string) {
	if strings.HasPrefix(line, "{") {
		l.readJSON(line)
	} else if m := logLine().FindStringSubmatch(line); m != nil {
		l.read(m[2], m[3], outcome)
	} else if m := log2Began().FindStringSubmatch(line); m != nil {
		l.Begun = append(l.Begun, m[1])
	} else if m := log2Finished().FindStringSubmatch(line); m != nil {
		l.finish(m[1], Status(m[2]))
	}
}

// readJSON takes in an event of a log of JSON lines.
func (l *Log) readJSON(text string) {
	var line jsonLine
	if json.Unmarshal([]byte(text), &line) != nil {
		return
	}
	l.Known = l.Known || line.Info.Level == string(LevelDebug)
	switch id := line.Data.NodeInfo.ID; line.Info.Code {
	case "Q024": // NodeStart
		l.Begun = append(l.Begun, id)
	case "Q025": // NodeFinished
		l.finish(id, Status(line.Data.NodeInfo.Status))
	}
}

// finish takes in how a node ended.
func (l *Log) finish(id string, status Status) {
	switch {
	case status.Untouched():
		l.forget(id)
	case status.Wrote():
		l.Written = append(l.Written, id)
	default:
		l.Failed = append(l.Failed, id)
	}
}

// Unfinished returns the nodes that were begun more often than they came to an end.
func (l Log) Unfinished() []string {
	open := map[string]int{}
	for _, id := range l.Begun {
		open[id]++
	}
	for _, id := range slices.Concat(l.Written, l.Failed) {
		open[id]--
	}
	return slices.DeleteFunc(slices.Compact(slices.Sorted(slices.Values(l.Begun))), func(id string) bool { return open[id] <= 0 })
}

// ByRelation returns the log with unique_ids where dbt 2 has named relations. It leaves out relations
// that none of the nodes has.
func (l Log) ByRelation(nodes map[string]Node) Log {
	ids := map[string][]string{}
	for _, id := range slices.Sorted(maps.Keys(nodes)) {
		n := nodes[id]
		name := n.ResourceType + " " + n.Schema + "." + n.Alias
		ids[name] = append(ids[name], id)
	}
	replace := func(list []string) (out []string) {
		for _, name := range list {
			if strings.Contains(name, " ") {
				out = append(out, ids[name]...)
			} else {
				out = append(out, name)
			}
		}
		return out
	}
	l.Begun, l.Written, l.Failed = replace(l.Begun), replace(l.Written), replace(l.Failed)
	return l
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

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
	// Open are those whose end is not in the log, as after a kill. A node that ended without an
	// outcome, as under dbt compile, is in none of the three.
	Open []string
}

// The lines of dbt's text log that tell of nodes (dbt 1.11.16). Began and
// finished are events NodeStart and NodeFinished, at level debug, which is the
// file's default. Between the two, the same thread says how the node ended.
const (
	began    = "Began running node "
	finished = "Finished running node "
)

// The lines of dbt 2's text log (2.0.0-alpha.4) that tell of nodes. They name the type, the schema and
// the alias, and no thread. A node that is only rendered, as under dbt compile, has neither line.
var (
	log2Began    = lazy.Regexp(`^\S+ \[\w+ *\]: +Started running (\w+ [^ ]+\.[^ ]+)$`)
	log2Finished = lazy.Regexp(`^\S+ \[info \]: +Finished running \[[^\]]*\] (\w+ [^ ]+\.[^ ]+) \[(\w+)\]$`)
)

// A jsonLine is an event in a log of JSON lines, which either dbt writes if asked to.
type jsonLine struct {
	Info struct {
		Code, Name, Level string
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
	logResult  = lazy.Regexp(`^Log\w+Result$`)
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
	state := map[string]string{} // how far the node of a thread is, in text, or a node, in JSON lines
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadString('\n')
		line = logColour().ReplaceAllString(strings.TrimRight(line, "\r\n"), "")
		log.Known = log.Known || strings.Contains(line, "[debug]")
		log.readLine(line, state)
		if err != nil {
			return log
		}
	}
}

// readLine takes in a line of any of dbt's logs.
func (l *Log) readLine(line string, state map[string]string) {
	if strings.HasPrefix(line, "{") {
		l.readJSON(line, state)
	} else if m := logLine().FindStringSubmatch(line); m != nil {
		l.read(m[2], m[3], state)
	} else if m := log2Began().FindStringSubmatch(line); m != nil {
		l.begin(m[1])
	} else if m := log2Finished().FindStringSubmatch(line); m != nil {
		l.end(m[1], Status(m[2]))
	}
}

// How far a node is, in JSON lines. Under dbt compile, dbt 1 (1.11.16) executes nodes and has no result,
// and dbt 2 (2.0.0-alpha.4) has a result and executes nothing.
const (
	executing = "executing"
	executed  = "executed"
)

// readJSON takes in an event of a log of JSON lines.
func (l *Log) readJSON(text string, state map[string]string) {
	var line jsonLine
	if json.Unmarshal([]byte(text), &line) != nil {
		return
	}
	l.Known = l.Known || line.Info.Level == string(LevelDebug)
	id := line.Data.NodeInfo.ID
	switch {
	case line.Info.Code == "Q024": // NodeStart
		l.begin(id)
		delete(state, id)
	case line.Info.Code == "Q031": // NodeExecuting
		state[id] = executing
	case line.Info.Code == "Q025": // NodeFinished
		status := Status(line.Data.NodeInfo.Status)
		if state[id] != executed && !status.Untouched() {
			status = ""
		}
		l.end(id, status)
	case state[id] == executing && logResult().MatchString(line.Info.Name):
		state[id] = executed
	}
}

// begin takes in that a node was begun.
func (l *Log) begin(id string) {
	l.Begun = append(l.Begun, id)
	l.Open = append(l.Open, id)
}

// end takes in how a node ended, with the empty status if the log doesn't say it.
func (l *Log) end(id string, status Status) {
	l.Open = withoutLast(l.Open, id)
	switch {
	case status == "":
	case status.Untouched():
		l.Begun = withoutLast(l.Begun, id)
	case status.Wrote():
		l.Written = append(l.Written, id)
	default:
		l.Failed = append(l.Failed, id)
	}
}

// withoutLast returns a list without the last of its entries that equal id.
func withoutLast(list []string, id string) []string {
	for i := len(list) - 1; i >= 0; i-- {
		if list[i] == id {
			return slices.Delete(list, i, i+1)
		}
	}
	return list
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
	l.Begun, l.Written, l.Failed, l.Open = replace(l.Begun), replace(l.Written), replace(l.Failed), replace(l.Open)
	return l
}

// The outcomes of dbt's text log, as statuses.
var logStatuses = map[string]Status{"OK": StatusSuccess, "ERROR": StatusError, "SKIP": StatusSkipped}

// read takes in what a thread says.
func (l *Log) read(thread, text string, state map[string]string) {
	if id, ok := strings.CutPrefix(text, began); ok {
		l.begin(id)
		delete(state, thread)
	} else if m := logOutcome().FindStringSubmatch(text); m != nil {
		state[thread] = m[1]
	} else if id, ok := strings.CutPrefix(text, finished); ok {
		l.end(id, logStatuses[state[thread]])
		delete(state, thread)
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

package artifact

import (
	"slices"
	"strings"
	"time"

	"dot-for-dbt/internal/lazy"
)

// Event is a message of dbt while it runs: an event of its structured log, or a plain line. Events
// at level debug are left out, except for the start and end of nodes.
type Event struct {
	Time  time.Time // zero for a plain line
	Level Level     // "" for a plain line
	Name  string    // dbt's name, such as NodeStart; "" for a plain line
	Code  string    // dbt's code, such as Q024
	// Message is dbt's text unchanged, with its colours and any control characters.
	Message    string
	Invocation string // dbt's id of the run
	Thread     string // dbt's name of the thread

	Version string     // dbt's version, on MainReportVersion
	Total   int        // number of nodes that the command works on, on ConcurrencyLine; 0 elsewhere
	Node    *NodeRun   // on NodeStart and NodeFinished
	Counts  *RunCounts // on StatsLine
}

// Level is how much an event matters, in dbt's words.
type Level string

// The levels that dot reads. There is also a level "test", below debug.
const (
	LevelDebug Level = "debug"
	LevelInfo  Level = "info"
	LevelWarn  Level = "warn"
	LevelError Level = "error"
)

// NodeRun is a node that has started or ended.
type NodeRun struct {
	Result        // Status is "" at the start
	Type   string // model, test, …
	Name   string
	Path   string // of its file, below the directory for its type
}

// RunCounts has the number of nodes for each outcome, as dbt counts them at the end of a run.
type RunCounts struct {
	Pass, Warn, Error, Skip, NoOp, Total int
}

// printed are the events that dbt prints without a time, for scripts to read
// (dbt_common/events/logger.py, PRINT_EVENT_NAMES in 1.37).
var printed = []string{"PrintEvent", "ShowNode", "CompiledNode"}

// Console returns what dbt prints for the event, without the last line end. It is false for events
// that dbt prints only at level debug. The time is UTC, as in dbt.
func (e Event) Console() (string, bool) {
	switch {
	case e.Name == "", slices.Contains(printed, e.Name):
		return e.Message, true
	case !slices.Contains([]Level{LevelInfo, LevelWarn, LevelError}, e.Level):
		return "", false
	case e.Time.IsZero():
		return e.Message, true
	}
	return e.Time.UTC().Format(time.TimeOnly) + "  " + e.Message, true
}

// Warning returns the text of a warning, without dbt's label. It is false for other events.
func (e Event) Warning() (string, bool) {
	if e.Level != LevelWarn {
		return "", false
	}
	return Unlabelled(e.Message), true
}

// levelLabel matches dbt's label of a warning or, since 1.12, of an error. It may be coloured, and the
// name of the event may follow.
var levelLabel = lazy.Regexp("^\\[(?:\x1b\\[[0-9;]*m)*(?:WARNING|ERROR)(?:\x1b\\[[0-9;]*m)*\\](?:: )?")

// Unlabelled returns a message without dbt's label.
func Unlabelled(message string) string {
	said := strings.TrimSpace(message)
	return said[len(levelLabel().FindString(said)):]
}

// AboutResults reports whether an event is about the selection or a node's result, which dot reports
// itself.
func (e Event) AboutResults() bool {
	return strings.HasPrefix(e.Name, "Log") || strings.HasPrefix(e.Name, "RunResult") ||
		slices.Contains([]string{"NoNodesForSelectionCriteria", "NoNodesSelected", "NothingToDo"}, e.Name)
}

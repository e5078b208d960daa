package artifact

import (
	"slices"
	"time"
)

// Event is something that dbt says while it runs: an event of its structured log, or a plain line.
// What the log has at level debug is left out, but for nodes that start and end.
type Event struct {
	Time  time.Time // zero for a plain line
	Level Level     // "" for a plain line
	Name  string    // dbt's, such as NodeStart; "" for a plain line
	Code  string    // dbt's, such as Q024
	// Message is what it says, as it came: with dbt's colours, and with whatever else was in it.
	Message    string
	Invocation string // dbt's id of the run
	Thread     string // of dbt's

	Version string     // of dbt, on MainReportVersion
	Total   int        // how many nodes the command works on, on ConcurrencyLine; 0 elsewhere
	Node    *NodeRun   // on NodeStart and NodeFinished
	Counts  *RunCounts // on StatsLine
}

// Level is how much an event matters, in dbt's words.
type Level string

// The levels that are read. There is a level "test" too, below debug.
const (
	LevelDebug Level = "debug"
	LevelInfo  Level = "info"
	LevelWarn  Level = "warn"
	LevelError Level = "error"
)

// NodeRun is a node that starts or has ended.
type NodeRun struct {
	Result        // its Status is "" when the node starts
	Type   string // model, test, …
	Name   string
	Path   string // of its file, below the directory of its type
}

// RunCounts are how many nodes ended how, as dbt counts them at the end of a run.
type RunCounts struct {
	Pass, Warn, Error, Skip, NoOp, Total int
}

// printed are the events that dbt prints as they are, without the time: what scripts read
// (dbt_common/events/logger.py, PRINT_EVENT_NAMES in 1.37).
var printed = []string{"PrintEvent", "ShowNode", "CompiledNode"}

// Console is what dbt prints of the event, without the last line end; false for what it prints only at
// level debug. The time is UTC, as dbt's own is.
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

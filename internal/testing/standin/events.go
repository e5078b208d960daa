package standin

import (
	"encoding/json"
	"fmt"
	"strings"
)

// An event is an event of dbt's structured log.
type event struct {
	level, name, code string
	data              map[string]any
}

// The events that have only a text.
var (
	note    = event{level: "info", name: "Note", code: "Z050"}
	printed = event{level: "info", name: "PrintEvent", code: "Z052"}
	failure = event{level: "error", name: "MainEncounteredError", code: "Z002"}
)

// say writes an event to stdout: in dbt's form with --log-format json, otherwise as a line, unless
// its level is debug.
func (p Process) say(e event, format string, args ...any) {
	msg := fmt.Sprintf(format, args...)
	switch {
	case p.format != "json" && e.level != "debug":
		fmt.Fprintln(p.Stdout, msg)
	case p.format != "json", e.level == "debug" && p.level != "debug":
	default:
		data := e.data
		if data == nil {
			data = map[string]any{}
		}
		thread := "MainThread"
		if e.data["node_info"] != nil {
			thread = "Thread-1 (worker)"
		}
		line, err := json.Marshal(map[string]any{
			"data": data,
			"info": map[string]any{
				"name": e.name, "code": e.code, "level": e.level, "msg": msg, "ts": p.Now().UTC().Format("2006-01-02T15:04:05.000000Z"),
				"thread": thread, "invocation_id": p.id, "category": "", "extra": map[string]any{}, "pid": 1,
			},
		})
		if err != nil {
			panic(err) // impossible: it has only maps, texts and numbers
		}
		fmt.Fprintf(p.Stdout, "%s\n", line)
	}
}

// printf prints text.
func (p Process) printf(format string, args ...any) { p.say(note, format, args...) }

// info returns an event's data about a node.
func (n *node) info(status string) map[string]any {
	return map[string]any{
		"unique_id": n.ID, "resource_type": n.Type, "node_name": n.Name, "node_path": n.File, "node_status": status,
		"node_relation": map[string]any{"database": n.Database, "schema": n.Schema, "alias": n.Alias, "relation_name": *ptr(n.Relation)},
	}
}

// sayStart reports that a node starts, the index-th of total.
func (s *session) sayStart(n *node, index, total int) {
	s.say(event{"debug", "NodeStart", "Q024", map[string]any{"node_info": n.info("started")}}, "Began running node %s", n.ID)
	if s.format == "json" { // as text, only the end of a node is printed
		s.say(event{"info", "LogStartLine", "Q011", map[string]any{"index": index, "total": total, "node_info": n.info("started")}},
			"%d of %d START %s %s", index, total, n.Type, n.Schema+"."+n.Alias)
	}
}

// sayEnd reports how a node ended.
func (s *session) sayEnd(n *node, r result, index, total int) {
	e := event{"info", "LogModelResult", "Q012", map[string]any{"index": index, "total": total, "status": r.Status, "node_info": n.info(r.Status)}}
	if r.Status == "error" || r.Status == "fail" {
		e.level = "error"
	}
	s.say(e, "%d of %d %s %s", index, total, strings.ToUpper(r.Status), n.Schema+"."+n.Alias)
	if r.Message != "" {
		s.printf("  %s", r.Message)
	}
	s.say(event{"debug", "NodeFinished", "Q025", map[string]any{
		"node_info": n.info(r.Status),
		"run_result": map[string]any{
			"status": r.Status, "message": r.Message, "execution_time": r.Seconds, "num_failures": *failures(r),
		},
	}}, "Finished running node %s", n.ID)
}

// sayStats reports how many nodes ended in which way.
func (s *session) sayStats(results []result) {
	if s.format != "json" {
		return
	}
	stats := map[string]int{"total": len(results)}
	for _, r := range results {
		stats[map[string]string{"fail": "error", "error": "error", "skipped": "skip", "success": "pass", "pass": "pass"}[r.Status]]++
	}
	s.say(event{"info", "StatsLine", "Z023", map[string]any{"stats": stats}},
		"Done. PASS=%d WARN=0 ERROR=%d SKIP=%d NO-OP=0 TOTAL=%d", stats["pass"], stats["error"], stats["skip"], stats["total"])
}

func failures(r result) *int {
	if r.Failures == nil {
		return new(int)
	}
	return r.Failures
}

package standin

import (
	"cmp"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
)

// retry gives the session the command and arguments of the results in the target path. It returns
// the nodes that failed or were skipped (dbt 1.11.16: dbt.task.retry).
func (s *session) retry() ([]*node, error) {
	dir := cmp.Or(s.line.text("state"), s.line.text("target-path"), "target")
	text, err := os.ReadFile(filepath.Join(s.project.abs(dir), "run_results.json"))
	if err != nil {
		return nil, usage("Could not find previous run in '%s' target directory", dir)
	}
	var before runResults
	if err := json.Unmarshal(text, &before); err != nil {
		return nil, err
	}
	if len(before.Results) == 0 {
		return nil, usage("Could not find previous run in '%s' target directory", dir)
	}
	s.line.command, _ = before.Args["which"].(string)
	delete(s.line.flags, "state") // it named where to find what to retry
	for _, name := range []string{"defer", "favor-state", "empty", "full-refresh", "state"} {
		switch value := before.Args[argument(name)].(type) {
		case bool:
			s.line.flags[name] = []string{map[bool]string{true: "true", false: "false"}[value]}
		case string:
			s.line.flags[name] = []string{value}
		}
	}
	if err := s.readState(); err != nil {
		return nil, err
	}
	all, err := s.selected(types[s.line.command])
	return slices.DeleteFunc(all, func(n *node) bool {
		return !slices.ContainsFunc(before.Results, func(r result) bool {
			return r.ID == n.ID && slices.Contains([]string{"error", "fail", "skipped"}, r.Status)
		})
	}), err
}

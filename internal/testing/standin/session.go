package standin

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A session is a command that runs on a project.
type session struct {
	Process
	line    line
	project *project
	output  *output
	names   scope
	nodes   map[string]*node
	state   map[string]*node // from the --state manifest; nil without one
	// deferState is that of --defer-state, or of --state without one.
	deferState map[string]*node
}

// types are the resource types that a command runs.
var types = map[string][]string{
	"build": {"seed", "model", "snapshot", "test"}, "compile": {"seed", "model", "snapshot", "test"},
	"list": {"seed", "model", "snapshot", "test"}, "parse": {},
	"run": {"model"}, "seed": {"seed"}, "snapshot": {"snapshot"}, "test": {"test"},
}

// open reads the project and the profile.
func (p Process) open(l line) (*session, error) {
	j, err := p.openProject(l)
	if err != nil {
		return nil, err
	}
	vars, err := j.readVars(l)
	if err != nil {
		return nil, err
	}
	if j.Profile, err = p.common(vars).render(j.Profile); err != nil {
		return nil, err
	}
	out, err := p.openOutput(l, j, p.common(vars))
	if err != nil {
		return nil, err
	}
	err = j.loadMacros()
	if missing := (*exit)(nil); p.isV2() && errors.As(err, &missing) {
		if err = p.deps(l); err == nil { // dbt 2 installs them by itself
			err = j.loadMacros()
		}
	}
	if err != nil {
		return nil, err
	}
	s := &session{Process: p, line: l, project: j, output: out, nodes: map[string]*node{}}
	s.names = p.common(vars).with(scope{"execute": true, "target": map[string]any{
		"name": out.Name, "schema": out.Schema, "database": out.Database, "type": out.Adapter, "profile_name": out.Profile,
	}})
	if err := s.readNodes(); err != nil {
		return nil, err
	}
	if l.command == "retry" { // its --state is where it finds what to retry
		return s, nil
	}
	return s, s.readState()
}

// readState reads the manifests for comparison and deferral.
func (s *session) readState() error {
	var err error
	if dir := s.line.text("state"); dir != "" {
		if s.state, err = s.readManifest(dir); err != nil {
			return err
		}
	}
	s.deferState = s.state
	if dir := s.line.text("defer-state"); dir != "" && s.line.on("defer") {
		s.deferState, err = s.readManifest(dir)
	}
	if err == nil && s.deferState == nil && s.line.on("defer") {
		return usage("Deferral is enabled, but no state was given")
	}
	return err
}

func (s *session) readManifest(dir string) (map[string]*node, error) {
	text, err := os.ReadFile(filepath.Join(s.project.abs(dir), "manifest.json"))
	if err != nil {
		return nil, usage("Could not find manifest in --state path: '%s'", dir)
	}
	var m manifest
	if err := json.Unmarshal(text, &m); err != nil {
		return nil, err
	}
	return m.Nodes, s.checkState(m.Metadata.Version)
}

// do runs the command.
func (s *session) do() error {
	if err := s.logLine("running dbt " + s.line.command); err != nil {
		return err
	}
	if !s.line.on("quiet") {
		s.say(event{"info", "MainReportVersion", "A001", map[string]any{"version": "=" + s.version()}}, "Running with dbt=%s (a stand-in)", s.version())
	}
	kinds := types[s.line.command]
	if only := s.line.words("resource-types"); len(only) > 0 {
		kinds = only
	}
	nodes, err := s.selected(kinds)
	if s.line.command == "retry" {
		nodes, err = s.retry()
	}
	if err != nil {
		return err
	}
	if err := s.writeManifest(); err != nil {
		return err
	}
	switch s.line.command {
	case "parse":
		return nil
	case "list":
		if err := s.misbehave("list"); err != nil {
			return err
		}
		return s.list(nodes)
	}
	return s.run(nodes)
}

// list prints the nodes.
func (s *session) list(nodes []*node) error {
	if len(nodes) == 0 {
		s.printf("No nodes selected!")
	}
	for _, n := range nodes {
		if s.line.text("output") != "json" {
			s.say(printed, "%s.%s", n.Package, n.Name)
			continue
		}
		text, err := json.Marshal(n)
		if err != nil {
			return err
		}
		var all map[string]any
		if err := json.Unmarshal(text, &all); err != nil {
			return err
		}
		for key := range all {
			if keys := s.line.words("output-keys"); len(keys) > 0 && !slices.Contains(keys, key) {
				delete(all, key)
			}
		}
		if text, err = json.Marshal(all); err != nil {
			return err
		}
		s.say(printed, "%s", text)
	}
	return nil
}

// logLine writes to dbt.log.
func (s *session) logLine(text string) error {
	dir := cmp.Or(s.line.text("log-path"), filepath.Join(s.project.dir, "logs"))
	return appendTo(filepath.Join(dir, "dbt.log"), fmt.Sprintln(strings.TrimSpace(text)))
}

// logStart writes to dbt.log that a node starts.
func (s *session) logStart(n *node) error { return s.logThread("debug", "Began running node "+n.ID) }

// logEnd writes to dbt.log how a node ended, the index-th of total.
func (s *session) logEnd(n *node, r result, index, total int) error {
	how := map[string]string{"success": "OK created", "error": "ERROR creating", "skipped": "SKIP relation"}[r.Status]
	how = cmp.Or(how, strings.ToUpper(r.Status)) // of a test
	if slices.Contains([]string{"compile", "docs generate", "show"}, s.line.command) {
		return s.logThread("debug", "Finished running node "+n.ID) // without a result, as in dbt 1.11
	}
	return errors.Join(
		s.logThread("info ", fmt.Sprintf("%d of %d %s %s.%s", index, total, how, n.Schema, n.Alias)),
		s.logThread("debug", "Finished running node "+n.ID),
	)
}

// logThread writes a line of a thread to dbt.log.
func (s *session) logThread(level, text string) error {
	return s.logLine(fmt.Sprintf("%s [%s] [Thread-1 (]: %s", s.Now().UTC().Format("15:04:05.000000"), level, text))
}

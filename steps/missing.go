package steps

import (
	"fmt"
	"slices"

	"dot-for-dbt/internal/layer"
	"dot-for-dbt/internal/workspace"
)

// A MissingError names the missing nodes that a job would read.
type MissingError struct {
	job        *job
	resolution resolution
	missing    []nodeRead
}

// maxMissing is the number of missing nodes that are listed.
const maxMissing = 5

func (e *MissingError) Error() string {
	var names []string
	for _, m := range e.missing[:min(maxMissing, len(e.missing))] {
		line := workspace.NodeName(m.ID) + " " + m.Why
		if len(m.readers) > 0 {
			line += " (" + workspace.NodeName(m.readers[0]) + " reads it)"
		}
		names = append(names, line)
	}
	if more := len(e.missing) - maxMissing; more > 0 {
		names = append(names, fmt.Sprintf("… and %d more", more))
	}
	return fmt.Sprintf("nothing was run, because %s would read missing nodes:%s", e.job.build, lines(names))
}

// maxLayers is the number of layers for which hints are given.
const maxLayers = 2

// Hints returns commands that build the missing nodes: in the layers that should have
// them, or in the job's own build.
func (e *MissingError) Hints() []string {
	var layers []*layer.Layer // without the job's own
	ids := map[*layer.Layer][]string{}
	for _, m := range e.missing {
		if m.Apart { // building it there again would not help
			continue
		}
		if ids[m.Layer] == nil && m.Layer != e.resolution.job {
			layers = append(layers, m.Layer)
		}
		ids[m.Layer] = append(ids[m.Layer], m.ID)
	}
	var hints []string
	for _, l := range layers[:min(maxLayers, len(layers))] {
		if e.resolution.stack.standings[l].build.Origin == "" { // dot can't build the others
			hints = append(hints, e.there(l, ids[l]))
		}
	}
	return append(hints, e.here())
}

// there returns the command that builds missing nodes in a lower layer.
func (e *MissingError) there(l *layer.Layer, ids []string) string {
	_, tried := l.Nodes[ids[0]]
	unchanged := !tried && !l.Changed[ids[0]]
	s := e.resolution.stack.standings[l]
	switch {
	case unchanged && l.Gone != "" && s.Below.Origin != "":
		return fmt.Sprintf("defer %s to it again: %s", l.Name, e.command(l.Name, "--defer", s.Below.Origin))
	case unchanged && l.Gone != "":
		below := s.Below.Env + "@" + s.Below.Short
		return fmt.Sprintf("build %s again: %s", below, e.command(below))
	case unchanged && l.Below != nil: // the layers rest on each other
		return fmt.Sprintf("build all of %s: %s", l.Name, e.command(e.spec(l), "--force"))
	}
	var args []string
	if l.Below != nil {
		args = append(args, "--defer", e.spec(l.Below))
	}
	switch {
	case len(ids) <= maxMissing:
		args = append(args, "-s", e.selector(l, ids))
	case l.Below != nil:
		args = append(args, "--modified")
	}
	return fmt.Sprintf("build %s in %s: %s", itOrThem(len(ids)), l.Name, e.command(e.spec(l), args...))
}

// selector selects missing nodes in their layer.
func (e *MissingError) selector(l *layer.Layer, ids []string) string {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = e.withParents(l, id)
	}
	return joined(names)
}

// withParents returns the selector of a missing node. If no run reached the node in a layer
// without one below, the selector has its parents: they may be missing, too.
func (e *MissingError) withParents(l *layer.Layer, id string) string {
	s := e.resolution.stack.standings[l]
	_, tried := l.Nodes[id]
	reached := tried && (s.Layer == nil || s.Skipped[id] == "")
	if l.Below == nil && l.Gone == "" && !reached {
		return "+" + workspace.NodeName(id)
	}
	return workspace.NodeName(id)
}

// here returns the command that builds the missing nodes in the job's own build.
func (e *MissingError) here() string {
	var args []string
	switch n := len(e.missing); {
	case n <= maxMissing:
		var names []string
		for _, m := range e.missing {
			names = append(names, e.withParents(m.Layer, m.ID)+"+")
		}
		args = []string{"--defer", e.spec(e.resolution.job.Below), "-s", joined(names)}
	case !slices.ContainsFunc(e.missing, func(m nodeRead) bool { return !e.resolution.job.Changed[m.ID] }):
		args = []string{"--defer", e.spec(e.resolution.job.Below), "--modified"}
	}
	return fmt.Sprintf("build %s here: %s", itOrThem(len(e.missing)), e.command(e.job.specs[0], append(args, e.job.typedForDBT()...)...))
}

// command returns a dot build with the vars of the job's command line.
func (e *MissingError) command(spec string, args ...string) string {
	return e.job.typed("build", spec, args...)
}

// spec returns a spec of a layer's build: the one that the user typed, if any.
func (e *MissingError) spec(l *layer.Layer) string {
	if l == e.resolution.stack.top {
		return e.job.baseline.spec.String()
	}
	return l.Name
}

func itOrThem(n int) string {
	if n == 1 {
		return "it"
	}
	return "them"
}

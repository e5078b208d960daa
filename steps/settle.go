package steps

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"slices"
	"strings"

	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/proc"
	"dot-for-dbt/internal/workspace"
)

// settle reads what the run left, fills the report and updates the ledger.
func (a *runCommand) settle(run startedRun, report *Report, exit proc.Exit, endedItself bool) error {
	report.Interrupted = !endedItself
	left := leftBy{exit: exit, endedItself: endedItself}
	err := a.readLeft(run, &left)
	report.Invocation = left.Metadata.InvocationID
	if err != nil {
		return err
	}
	nodes := a.sort(run, left.Results)
	report.Counts, report.failed = nodes.counts, len(nodes.failed) > 0
	run.resumes.addCounts(report, left.Results)
	var all error // whether it did all that it had to do
	if exit.OK() {
		all = a.didAll(run, left.fresh, nodes.told)
	}
	tells := len(a.job.Command.Builds) > 0 || !a.job.tool.V2() // dbt 2's compile and show list only failures
	if exit.OK() && left.fresh && tells && len(report.Counts) == 0 && !run.resumes.exists() {
		report.Nothing, report.Unmatched = a.job.foundNothing()
	}
	if run.ID == "" {
		return all
	}
	if err := a.endRun(run, left, nodes, report); err != nil {
		return err
	}
	if a.job.inPlace() {
		if err := a.notePassed(run, left.Results); err != nil {
			return err
		}
		report.Sound = a.sound(a.job.build)
	}
	if len(nodes.elsewhere) > 0 {
		return a.misplaced(run, nodes.elsewhere)
	}
	return all
}

// leftBy is what a run left: how dbt ended, its run results and, with dbt 2, its log.
// After an interruption, the results lack the nodes that dbt had started.
type leftBy struct {
	exit                proc.Exit
	endedItself         bool
	artifact.RunResults                // empty without results
	fresh               bool           // whether there are results of this run
	spans               artifact.Spans // from the log
}

// readLeft reads the results and the log. After an early failure or a kill, there are
// no results.
func (a *runCommand) readLeft(run startedRun, left *leftBy) error {
	b, isV2 := a.job.build, false
	if len(a.job.Command.Builds) > 0 {
		left.spans, isV2 = b.logSince(run.log)
	}
	results, err := readResults(b.Target())
	old := run.oldResults != "" && results.Metadata.InvocationID == run.oldResults
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && old:
		return nil
	case err != nil:
		return err
	}
	left.RunResults, left.fresh = results, true
	if isV2 {
		if err := a.mendResults(left.spans, run.line, !left.endedItself); err != nil {
			return err
		}
		left.RunResults, err = readResults(b.Target())
	}
	return err
}

// ranNodes are the nodes in a run's results, sorted by how they ended. All but told,
// counts and failed are nodes that the command builds.
type ranNodes struct {
	told       map[string]bool // all nodes in the results
	counts     map[artifact.Status]int
	failed     []string // tests, too
	written    []string
	broken     []string                   // those whose build failed
	notReached []string                   // those that dbt skipped, since others failed
	untouched  []string                   // those that dbt clone left as they were
	elsewhere  map[string]artifact.Result // written to another relation than dbt list had named
}

// sort sorts the nodes in a run's results.
func (a *runCommand) sort(run startedRun, results []artifact.Result) ranNodes {
	out := ranNodes{told: map[string]bool{}, counts: map[artifact.Status]int{}, elsewhere: map[string]artifact.Result{}}
	for _, r := range results {
		out.told[r.UniqueID] = true
		if a.job.Command.Name == "clone" && r.Message == "No-op" { // the baseline lacks the node, or the build has it
			out.counts[artifact.StatusNoOp]++
			out.untouched = append(out.untouched, r.UniqueID)
			continue
		}
		out.counts[r.Status]++
		if r.Status.Failed() {
			out.failed = append(out.failed, r.UniqueID)
		}
		if !r.Builds() {
			continue
		}
		switch {
		case r.Status.Wrote():
			out.written = append(out.written, r.UniqueID)
			if t, ok := run.targets[r.UniqueID]; ok && r.RelationName != "" && a.job.build.target(workspace.Spell(r.RelationName)).Relation != t.Relation {
				out.elsewhere[r.UniqueID] = r
			}
		case r.Status == artifact.StatusSkipped:
			out.notReached = append(out.notReached, r.UniqueID)
		case !r.Status.Untouched():
			out.broken = append(out.broken, r.UniqueID)
		}
	}
	return out
}

// endRun keeps the run's artifacts, if it changed the build, and ends it in the ledger.
func (a *runCommand) endRun(run startedRun, left leftBy, nodes ranNodes, report *Report) (err error) {
	b := a.job.build
	end := a.ending(run, left, nodes)
	changed := len(end.Written)+len(end.Failed)+len(nodes.elsewhere) > 0
	resumed := left.fresh && run.resumes.exists() // that run may have been killed before it kept anything
	if changed || report.Nothing || resumed {
		if err := keepState(b, b.Target(), &run.Run); err != nil {
			return err
		}
		end.Layer = a.footing(run.checked, left.exit.OK())
	}
	end.Succeeded = left.exit.OK() && len(nodes.elsewhere) == 0
	report.Written, err = a.ws.End(b.Build, b.place, run.Run, run.targets, end)
	return err
}

// ending returns how a run ended for the ledger, from its results and dbt's log. Nodes
// that dbt wrote elsewhere are left out.
func (a *runCommand) ending(run startedRun, left leftBy, nodes ranNodes) workspace.Ending {
	end := workspace.Ending{
		Written: nodes.written, Failed: nodes.broken, Complete: left.fresh && left.endedItself,
		Inputs: run.checked.Inputs, Over: run.checked.Over,
		Log: artifact.LogSize(a.job.build.logFile()), Skipped: skipped(nodes.notReached, nodes.failed),
	}
	if left.fresh && bool(left.Args.FullRefresh) {
		end.Anew = run.checked.refreshed()
	}
	log := left.spans.Reveal(a.job.environ, slices.Collect(maps.Keys(run.targets)))
	if log.Known {
		end.Begun, end.Complete = slices.DeleteFunc(log.Begun, func(id string) bool { return slices.Contains(nodes.untouched, id) }), true
		end.Written = append(end.Written, slices.DeleteFunc(log.Written, func(id string) bool { return nodes.told[id] })...)
		if !left.fresh {
			end.Failed = log.Failed
		}
	} else if !left.fresh && log.Silent && left.endedItself {
		// dbt logged nothing and ended by itself: it did not reach any node.
		end.Complete = true
	}
	if !left.endedItself {
		should := maps.Keys(run.targets)
		if run.remaining != nil {
			should = slices.Values(run.remaining)
		}
		maps.Copy(end.Skipped, unreached(should, end))
	}
	end.Written = slices.DeleteFunc(end.Written, func(id string) bool { _, moved := nodes.elsewhere[id]; return moved })
	return end
}

// wasSkipped starts the reason of a node that dbt skipped, since others failed.
const wasSkipped = "was skipped, since "

// briefly shortens the reason of a skipped node for a report: "skipped: orders
// failed". Other reasons stay as they are.
func briefly(why string) string {
	if since, ok := strings.CutPrefix(why, wasSkipped); ok {
		return "skipped: " + since
	}
	return why
}

// skipped returns the reason for each node that dbt skipped.
func skipped(ids, failed []string) map[string]string {
	why := "was skipped"
	if n := len(failed); n > 0 {
		slices.Sort(failed)
		why = wasSkipped + workspace.NodeName(failed[0])
		if n > 1 {
			why += fmt.Sprintf(" and %d more", n-1)
		}
		why += " failed"
	}
	out := map[string]string{}
	for _, id := range ids {
		out[id] = why
	}
	return out
}

// unreached returns the nodes that a stopped run should have written but did not
// reach, with the reason. A run that reached no node at all changes nothing.
func unreached(should iter.Seq[string], end workspace.Ending) map[string]string {
	reached := map[string]bool{}
	for _, id := range slices.Concat(end.Written, end.Failed, end.Begun) {
		reached[id] = true
	}
	out := map[string]string{}
	for id := range should {
		if !reached[id] && len(reached) > 0 && end.Complete {
			out[id] = "was not built, since the run was interrupted"
		}
	}
	return out
}

// footing returns what the build rests on after a run; nil means no change.
func (a *runCommand) footing(checked checkOutputs, succeeded bool) *workspace.Footing {
	switch base := a.job.baseline; {
	case base != nil:
		s, err := a.standing(base.build, base.spec, toDefer)
		if err != nil {
			return nil
		}
		return &workspace.Footing{Below: s.ref(), Changed: checked.Changed}
	case a.job.whole() && succeeded:
		return &workspace.Footing{}
	}
	return nil
}

// misplaced records nodes that dbt wrote to other relations than dbt list had named
// for the check. It always returns an error.
func (a *runCommand) misplaced(run startedRun, elsewhere map[string]artifact.Result) error {
	b := a.job.build
	moved := map[string]workspace.Target{}
	var written, names []string
	for _, id := range slices.Sorted(maps.Keys(elsewhere)) {
		name := elsewhere[id].RelationName
		moved[id] = b.target(workspace.Spell(name))
		written = append(written, id)
		names = append(names, id+"  "+b.secret.hidden(name))
	}
	if err := a.ws.Begin(b.Build, b.place, run.Run, moved); err != nil {
		return err
	}
	if _, err := a.ws.End(b.Build, b.place, run.Run, moved, workspace.Ending{Written: written, Complete: true, Log: artifact.LogSize(b.logFile())}); err != nil {
		return err
	}
	return hint.New(
		fmt.Sprintf("%s wrote other relations than dbt list had named:%s", b, lines(names)),
		"a macro such as generate_schema_name returns other names while dbt runs: it must not use flags.WHICH or execute",
		"dot has recorded the new relations; what they held before may be lost",
	)
}

package steps

import (
	"crypto/rand"
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

// started is a run that is under way; with an ID, it has been marked in the
// ledger.
type started struct {
	workspace.Run
	checked checkOutputs
	may     map[string]workspace.Target // the nodes that it may write
	log     int64                       // where in dbt's log it starts, in bytes
	resumes unfinished                  // the run that it goes on with
	left    []string                    // what that has left to do; nil for a run of its own
	stale   string                      // the invocation whose results stood there before
}

// begin marks in the ledger what the command may write, as the check found.
func (a *runCommand) begin(run *started) error {
	b := a.job.build
	var err error
	if run.checked, err = a.checked(a.job); err != nil {
		return fmt.Errorf("read what %s may write: %w", a.job.Command.Name, err)
	}
	run.Run = workspace.Run{ID: rand.Text()[:12], Command: a.job.Command.Name, Time: a.world.Now()}
	run.may = run.checked.targets(a.job)
	run.log = artifact.LogSize(b.logFile())
	run.Run.Log = run.log
	return a.ws.Begin(b.Build, b.place, run.Run, run.may)
}

// settle reads what dbt says of the run, fills the report and settles the
// ledger. An interrupted dbt leaves no results of what it had begun, and one
// that failed early or was killed leaves none at all; then its log tells.
func (a *runCommand) settle(run started, report *Report, exit proc.Exit, undisturbed bool) error {
	b := a.job.build
	results, err := readResults(b.Target())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	report.Invocation = results.Metadata.InvocationID
	fresh := err == nil && (run.stale == "" || report.Invocation != run.stale)
	if !fresh {
		results.Results, report.Invocation = nil, ""
	}
	end := workspace.Ending{
		Complete: fresh && undisturbed, Succeeded: exit.OK(),
		Anew: fresh && bool(results.Args.FullRefresh), Resumes: run.resumes.report.Run,
	}
	elsewhere := map[string]artifact.Result{}
	var failed, passed []string // nodes and tests that failed, and nodes passed over for that
	for _, r := range results.Results {
		report.Counts[r.Status]++
		if r.Status.Failed() {
			failed = append(failed, r.UniqueID)
		}
		if !r.Builds() {
			continue
		}
		switch {
		case a.job.Command.Name == "clone" && r.Message == "No-op": // the baseline doesn't have it
		case r.Status.Wrote():
			end.Written = append(end.Written, r.UniqueID)
			if t, ok := run.may[r.UniqueID]; ok && r.RelationName != "" && b.target(workspace.Spell(r.RelationName)).Relation != t.Relation {
				elsewhere[r.UniqueID] = r
			}
		case r.Status == artifact.StatusSkipped:
			passed = append(passed, r.UniqueID)
		case !r.Status.Untouched():
			end.Failed = append(end.Failed, r.UniqueID)
		}
	}
	run.resumes.addTo(report, results.Results)
	if run.ID == "" {
		return nil
	}
	if log := artifact.ReadLog(b.logFile(), run.log); log.Known {
		end.Begun, end.Complete = log.Begun, true
		if !fresh {
			end.Written, end.Failed = log.Written, log.Failed
		}
	} else if !fresh && log.Silent && undisturbed {
		// dbt said nothing at all, and ended by itself: it never came to a node.
		end.Complete = true
	}
	report.Nothing = exit.OK() && fresh && len(results.Results) == 0 && a.job.modified
	if len(end.Written)+len(end.Failed) > 0 || report.Nothing {
		if err := keepState(b, &run.Run); err != nil {
			return err
		}
		end.Layer = a.footing(run.checked, exit.OK())
	}
	end.Skipped = skipped(passed, failed)
	if !undisturbed {
		should := maps.Keys(run.may)
		if run.left != nil {
			should = slices.Values(run.left)
		}
		maps.Copy(end.Skipped, unreached(should, end))
	}
	end.Written = slices.DeleteFunc(end.Written, func(id string) bool { _, moved := elsewhere[id]; return moved })
	end.Succeeded = end.Succeeded && len(elsewhere) == 0
	if report.Written, err = a.ws.End(b.Build, b.place, run.Run, run.may, end); err != nil || len(elsewhere) == 0 {
		return err
	}
	return a.misplaced(run, elsewhere)
}

// wasSkipped begins the words about a node that was skipped since others failed.
const wasSkipped = "was skipped, since "

// briefly shortens the words about a node that was skipped, for a report: "skipped:
// orders failed". It leaves all others.
func briefly(why string) string {
	if since, ok := strings.CutPrefix(why, wasSkipped); ok {
		return "skipped: " + since
	}
	return why
}

// skipped says of nodes that dbt skipped why it did.
func skipped(ids, failed []string) map[string]string {
	why := "was skipped"
	if n := len(failed); n > 0 {
		slices.Sort(failed)
		why = wasSkipped + nodeName(failed[0])
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

// unreached are the nodes that a run which was stopped should have written and
// did not come to, with why. A run that came to no node at all leaves all as it
// was.
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

// footing is what the build rests on after a run; nil for what it rested on
// before.
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

// misplaced enters nodes where dbt says that it wrote them, which is not where
// the check saw them, and fails.
func (a *runCommand) misplaced(run started, elsewhere map[string]artifact.Result) error {
	b := a.job.build
	moved := map[string]workspace.Target{}
	var written, names []string
	for _, id := range slices.Sorted(maps.Keys(elsewhere)) {
		name := elsewhere[id].RelationName
		moved[id] = b.target(workspace.Spell(name))
		written = append(written, id)
		names = append(names, id+"  "+name)
	}
	if err := a.ws.Begin(b.Build, b.place, run.Run, moved); err != nil {
		return err
	}
	if _, err := a.ws.End(b.Build, b.place, run.Run, moved, workspace.Ending{Written: written, Complete: true}); err != nil {
		return err
	}
	return hint.New(
		fmt.Sprintf("%s wrote elsewhere than dbt list said before:%s", b, lines(names)),
		"a macro such as generate_schema_name gives another answer while dbt runs: let it not ask for flags.WHICH or execute",
		"dot has noted the relations where they lie; what lay there before may be lost",
	)
}

// recover settles the run that was killed on the build, if there is one, by what
// dbt's log says of it. The caller holds the build's lock.
func (rt *runtime) recover(b *build) error {
	s, err := rt.ws.Standing(b.Build, b.place)
	if err != nil || s.Open == nil {
		return nil // an unreadable layer is set aside by the next run
	}
	may := map[string]workspace.Target{}
	for id, e := range s.Nodes {
		if e.Run != s.Open.ID || e.Status != workspace.Unknown {
			continue
		}
		r, _ := s.Claimed(id)
		may[id] = workspace.Target{Relation: r, Spelling: e.Name, Partial: e.Partial, On: e.On}
	}
	end := endingOf(artifact.ReadLog(b.logFile(), s.Open.Log))
	end.Skipped = unreached(maps.Keys(may), end)
	_, err = rt.ws.End(b.Build, b.place, *s.Open, may, end)
	return err
}

// endingOf is what the log tells of a run that was killed.
func endingOf(log artifact.Log) workspace.Ending {
	return workspace.Ending{
		Written: log.Written, Failed: log.Failed, Begun: log.Begun,
		Complete: log.Known || log.Silent,
	}
}

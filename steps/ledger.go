package steps

import (
	"crypto/rand"
	"maps"
	"slices"

	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/workspace"
)

// A startedRun is a run in progress. It has an ID once it is marked in the ledger.
type startedRun struct {
	workspace.Run
	checked checkOutputs
	targets map[string]workspace.Target // the nodes that it may write
	log     int64                       // the offset at which it starts in dbt's log
	// resumes is the run that it continues, and remaining are the nodes that are
	// left to run; nil for a new run.
	resumes   unfinished
	remaining []string
	// oldResults is the invocation of the run results from before the run.
	oldResults string
	argv       []string
	line       dbt.CommandLine // of argv; not for a dbt retry
	environ    []string        // dbt's environment variables
	total      int             // how many nodes dbt works on, if dbt itself doesn't say it; else 0
}

// begin marks the nodes that the command may write in the ledger. The check has
// listed them.
func (a *runCommand) begin(run *startedRun) error {
	b := a.job.build
	run.Run = workspace.Run{ID: rand.Text()[:12], Command: a.job.Command.Name, Time: a.world.Now()}
	run.targets = run.checked.targets(a.job)
	for id, t := range run.targets {
		_, left := slices.BinarySearch(run.remaining, id)
		t.Kept = run.resumes.exists() && !left
		run.targets[id] = t
	}
	run.Run.Log, run.Run.Drops = run.log, run.checked.Drops
	return a.ws.Begin(b.Build, b.place, run.Run, run.targets)
}

// settleKilled updates the ledger after a killed run of the build, if there is one,
// from dbt's log. The caller holds the build's lock.
func (rt *runtime) settleKilled(b *build) error {
	s, err := rt.ws.Standing(b.Build, b.place)
	if err != nil || s.Open == nil {
		return nil // the next run replaces an unreadable layer
	}
	if s.Open.Clones {
		targets := map[string]workspace.Target{}
		for id, e := range s.Nodes {
			if r, ok := s.Claimed(id); ok && e.Run == s.Open.ID {
				targets[id] = workspace.Target{Relation: r}
			}
		}
		_, err := rt.ws.End(b.Build, b.place, *s.Open, targets, workspace.Ending{}) // they stay unknown
		return err
	}
	may := map[string]workspace.Target{}
	var should []string
	for id, e := range s.Nodes {
		if e.Run != s.Open.ID || e.Status != workspace.Unknown {
			continue
		}
		r, _ := s.Claimed(id)
		may[id] = workspace.Target{Relation: r, Spelling: e.Name, Partial: e.Partial, On: e.On}
		if !e.Kept {
			should = append(should, id)
		}
	}
	spans, _ := b.logSince(s.Open.Log)
	log := spans.Reveal(rt.world.Env, slices.Collect(maps.Keys(may)))
	end := endingOf(log)
	end.Log = artifact.LogSize(b.logFile())
	end.Skipped = unreached(slices.Values(should), end)
	_, err = rt.ws.End(b.Build, b.place, *s.Open, may, end)
	return err
}

// endingOf returns the ending of a killed run, from dbt's log.
func endingOf(log artifact.Log) workspace.Ending {
	return workspace.Ending{
		Written: log.Written, Failed: log.Failed, Begun: log.Begun,
		Complete: log.Known || log.Silent,
	}
}

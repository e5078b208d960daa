package watch

import (
	"fmt"
	"path"
	"strings"
	"time"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/text"
	"dot-for-dbt/internal/ui"
)

// Stopped is the status of a build in a round that was stopped since files were saved meanwhile.
const Stopped Status = "stopped"

// A Round is one run of a command that runs again whenever files are saved.
type Round struct {
	Number int      // from 1
	Saved  []string // the files that were saved, for which it runs; none for the first round
	// Stopped is set if it was stopped, since files were saved that it reads.
	Stopped bool
	Began   time.Time
	// Quietly leaves out a build's schema where that is no news.
	Quietly func(build, schema string) bool
	// Err is why nothing was run; nil otherwise.
	Err error
	// Verdicts are what the comparison after the round says, by relation; nil without one.
	Verdicts map[string]string

	outcomes []outcome
}

// Ended prints how a round's run ended: failures with their reasons, and a line for each build. builds
// tells whether the command builds anything.
func (w *Watcher) Ended(r *graph.Result, builds bool, round *Round) {
	round.outcomes = w.board.outcomes(r, builds)
	for i := range round.outcomes {
		o := &round.outcomes[i]
		if round.Stopped && (o.status == Interrupted || o.status == NotRun || o.status == Failed) {
			o.status, o.why = Stopped, "files were saved"
		}
		if o.status == Blocked {
			o.status = Failed // by a step that prepares it
		}
	}
	w.errors(r, round.outcomes)
	if v, ok := w.view.(*jsonView); ok {
		v.end(round.outcomes)
		return
	}
	for _, o := range round.outcomes {
		what := o.report.String()
		if o.why != "" {
			what = o.why
		}
		if (o.took > 0 || o.status == UpToDate) && o.Schema != "" && !round.Quietly(o.Name, o.Schema) {
			what = join(what, "schema "+o.Schema)
		}
		round.line(w.Options, o.status, o.Name, what)
	}
}

func join(what, more string) string {
	if what == "" {
		return more
	}
	return what + ", " + more
}

// line prints the line of a build: 15:04:05 built dev@.: 4 ok, 2.1s (orders.sql).
func (r *Round) line(o Options, s Status, name, what string) {
	now := o.Now()
	what = join(what, now.Sub(r.Began).Round(100*time.Millisecond).String())
	line := fmt.Sprintf("%s %s %s: %s", o.Say.Paint(ui.Faint, now.Format(time.TimeOnly)),
		o.Say.Paint(s.style(), string(s)), ui.Inline(name), ui.Inline(what))
	if len(r.Saved) > 0 {
		line += " (" + ui.Inline(saved(r.Saved)) + ")"
	}
	if o.Region != nil {
		if _, columns := o.Region.Room(); columns > 0 {
			line = ui.Cut(line, columns)
		}
	}
	o.Say.Line(line)
}

// saved names some of the files by their last elements.
func saved(paths []string) string {
	const most = 2
	var names []string
	for _, p := range paths[:min(len(paths), most)] {
		names = append(names, path.Base(p))
	}
	if more := len(paths) - len(names); more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names, ", "), more)
	}
	return strings.Join(names, ", ")
}

// SayRound ends a round. If nothing was run, it prints why, and a line with the specs. With --log json
// it writes an event.
func SayRound(o Options, round *Round, specs []string) {
	if o.Mode != JSON {
		if round.Err != nil {
			o.Say.Error(round.Err)
			round.line(o, Failed, strings.Join(specs, ", "), "")
		}
		return
	}
	event := jsonEvent{Event: "round", Round: round.Number, Saved: &round.Saved, State: string(Failed), Verdicts: round.Verdicts}
	if round.Saved == nil {
		event.Saved = &[]string{}
	}
	if round.Err != nil {
		o.Say.Error(round.Err)
		event.Error = text.Visible(round.Err.Error())
	}
	for i, one := range round.outcomes {
		if i == 0 || one.status.worse(Status(event.State)) {
			event.State = string(one.status)
		}
	}
	seconds := o.Now().Sub(round.Began).Seconds()
	event.Seconds = &seconds
	(&jsonView{o}).write(event)
}

// worse reports whether a status is worse than another one of the same round.
func (s Status) worse(than Status) bool {
	rank := map[Status]int{Failed: 3, Blocked: 3, Stopped: 2, Interrupted: 2, NotRun: 2, Built: 1, Done: 1}
	return rank[s] > rank[than]
}

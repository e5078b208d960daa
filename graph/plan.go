package graph

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Env is the outside world for planning and running.
type Env struct {
	Store Store
	// Locker keeps other processes out.
	Locker Locker
	// Now is the clock.
	Now func() time.Time
}

// A Planned step is a step with the decision about it.
type Planned struct {
	Step     *Step
	Decision Decision
	// Record is the record on which the decision depends; zero if there is none.
	Record Record
	// inputs and key are known if nothing below runs.
	inputs []InputDigest
	key    Key
	// depRuns is a step with a record that runs, and on which this one depends, directly or through
	// steps without a record; "" for none.
	depRuns string
}

// Describe returns what running the step executes, as lines of commands or remarks.
func (p Planned) Describe() []string {
	if p.Step.Action == nil {
		return nil
	}
	return p.Step.Action.Describe(p)
}

// A Plan is what a run of the graph would do now: its steps in order, each with a decision.
type Plan struct {
	Steps []Planned
	with  map[[2]string]int // the index of each step that runs with another, by its kind and the other's name
}

// With returns the step of a kind that runs when the step with that name does; see [Step.With]. ok is false if
// there is none.
func (p *Plan) With(kind, name string) (s Planned, ok bool) {
	i, ok := p.with[[2]string{kind, name}]
	if !ok {
		return Planned{}, false
	}
	return p.Steps[i], true
}

// Runs returns how many steps run.
func (p *Plan) Runs() int {
	n := 0
	for _, s := range p.Steps {
		if s.Decision.Run {
			n++
		}
	}
	return n
}

// Plan decides about each step. It reads records and calls the steps' functions, and changes
// nothing. It fails only if a step's late inputs can't be read, or if ctx ends while a step checks
// its outputs.
func (g *Graph) Plan(ctx context.Context, env Env) (*Plan, error) {
	return g.plan(ctx, env, false)
}

// plan decides about each step. locked means that the caller holds the locks. Then a step whose
// record says "started" was interrupted.
func (g *Graph) plan(ctx context.Context, env Env, locked bool) (*Plan, error) {
	p := &Plan{Steps: make([]Planned, 0, len(g.steps)), with: map[[2]string]int{}}
	for _, step := range g.steps {
		planned := Planned{Step: step, depRuns: p.runsBelow(g, step)}
		s := situation{step: step, now: env.Now(), depRuns: planned.depRuns}
		if step.Record != "" {
			s.record, s.loadErr = env.Store.Load(step.Record)
			if s.record.State == Started && !locked {
				s.busy = holder(env.Locker, step.Locks)
			}
			var err error
			if s.depRuns == "" {
				s.inputs, err = allInputs(ctx, step, keysOf(p, g, step))
			} else {
				s.inputs, err = digests(step.Inputs)
			}
			if err != nil {
				return nil, fmt.Errorf("plan %s: %w", step.Name, err)
			}
			planned.inputs = s.inputs
			if s.depRuns == "" {
				planned.key = newKey(step.Kind, step.Version, s.inputs)
			}
		}
		planned.Record = s.record
		var err error
		if step.With != "" && !s.unreadable() {
			planned.Decision = s.skip() // until the step that it runs with is decided upon
		} else if planned.Decision, err = s.decide(ctx); err != nil {
			return nil, fmt.Errorf("plan %s: %w", step.Name, err)
		}
		if planned.Decision.Run {
			p.accompany(g, step)
			if step.Detail != nil {
				planned.Decision.Detail = step.Detail(s.record)
			}
		}
		if step.With != "" {
			p.with[[2]string{step.Kind, step.With}] = len(p.Steps)
		}
		p.Steps = append(p.Steps, planned)
	}
	return p, nil
}

// accompany has the steps run that run with one which does.
func (p *Plan) accompany(g *Graph, step *Step) {
	for _, name := range step.Deps {
		below := &p.Steps[g.index[name]]
		switch {
		case below.Step.With != step.Name:
		case below.Record.State == Failed: // a better reason
			below.Decision = run(LastFailed, "last run failed")
		default:
			what, _ := step.Title()
			below.Decision = run(Accompanies, "before each %s", what)
		}
		if below.Step.With == step.Name && below.Step.Detail != nil {
			below.Decision.Detail = below.Step.Detail(below.Record)
		}
	}
}

// runsBelow returns the first step with a record that runs below step and may produce something
// new, or "". It looks through steps without a record, at the steps that these depend on.
func (p *Plan) runsBelow(g *Graph, step *Step) string {
	for _, name := range step.Deps {
		switch below := p.Steps[g.index[name]]; {
		case below.Step.Record == "" && below.depRuns != "":
			return below.depRuns
		case below.Step.Record != "" && below.Decision.Run && !below.remakes():
			return name
		}
	}
	return ""
}

// remakes reports whether a step that runs only repeats the success in its record. Then everything
// that the steps above take from it is known.
func (p Planned) remakes() bool {
	return p.Step.Exact && p.key != "" && p.Record.State == Succeeded && p.Record.Key == p.key
}

// keysOf returns the keys of the steps that a step depends on, as inputs. A step that only runs with
// it has none: the late inputs say what matters of that.
func keysOf(p *Plan, g *Graph, step *Step) []Input {
	var keys []Input
	for _, name := range step.Deps {
		if below := p.Steps[g.index[name]]; below.Step.Record != "" && below.Step.With == "" {
			keys = append(keys, Input{Label: name, Value: string(below.key)})
		}
	}
	return keys
}

// allInputs returns the digests of all inputs of a step: its own, the late ones and the keys of the
// steps below.
func allInputs(ctx context.Context, step *Step, below []Input) ([]InputDigest, error) {
	all := slices.Concat(step.Inputs, below)
	if step.Late != nil {
		late, err := step.Late(ctx)
		if err != nil {
			return nil, err
		}
		all = append(all, late...)
	}
	return digests(all)
}

// holder returns who holds one of locks, or "".
func holder(l Locker, locks []Lock) string {
	for _, lock := range locks {
		if who := l.Holder(lock); who != "" {
			return who
		}
	}
	return ""
}

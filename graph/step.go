package graph

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// A Step is an idempotent unit of work. It is plain data until its Action runs.
type Step struct {
	// Name is unique within a graph, and shown to users, such as "deps 9b13827".
	Name string
	// Kind is the kind of step, such as "deps". Version is the version of the rules for this kind:
	// raising it makes every step of the kind run once more.
	Kind    string
	Version int

	// Deps names the steps that must succeed before this one. Their keys are part of its key, and
	// it runs if one of them runs. A dependency without a record (see Record) has no key, and only
	// has to succeed. But if a step below that dependency runs, this step runs, too.
	Deps []string
	// Exact means that another run under the same key produces exactly the same. Then the steps
	// above are decided by their own keys, and don't run just because this one does. A step whose
	// action uses the network is not exact.
	Exact bool
	// With names a step that depends on this one: this one runs when that one does. A record that
	// can't be read is its only other reason to run.
	With string
	// After names steps that this one follows if they are in the graph and run, whether they
	// succeed or not.
	After []string

	// Inputs has the inputs that are known before any step runs. Late returns the inputs that the
	// steps below produce; it may be nil. Labels must differ.
	Inputs []Input
	Late   func(context.Context) ([]Input, error)

	// Record is the name of the step's record. A step without a record has no key: Always and
	// Missing alone decide about it, and Late, Overwritten, MaxAge and Force are ignored.
	Record string
	// Overwritten returns who has overwritten the attempt's outputs since, or "". It may be nil.
	Overwritten func(Record) string
	// Missing returns which output of the last success is missing, or "". It may be nil. For a step
	// without a record, it gets a zero record. If ctx ends, it returns as soon as it can, and its
	// answer is not used.
	Missing func(context.Context, Record) string

	// Always, if not empty, is the reason why the step is never skipped.
	Always string
	// MaxAge is how long a success counts; 0 is forever.
	MaxAge time.Duration
	// Force makes the step run even if it is up to date.
	Force bool

	// Locks are taken for the whole invocation, before the final decision about the step.
	Locks []Lock
	// Pools limit how many steps run at once. The step takes one place in each.
	Pools []string

	// Summary describes the last success, for the plan's line of a skipped step. If it is nil, the
	// line says "up to date".
	Summary func(Record) string
	// Detail returns additional information for the plan's line of a step that runs. It may be nil.
	// It gets the record of the last attempt.
	Detail func(Record) string

	// Action may be nil for a step that never runs: one without Record, Missing and Always.
	Action Action
}

// Title splits the step's name at the last space: what is done, and to what.
func (s *Step) Title() (what, to string) {
	i := strings.LastIndexByte(s.Name, ' ')
	return s.Name[:max(i, 0)], s.Name[i+1:]
}

// An Action is the work of a step.
type Action interface {
	// Describe returns what running the action as planned executes, as lines of commands or
	// remarks. It may be empty.
	Describe(Planned) []string
	// Run does the work. The outputs are kept in the step's record as JSON; they may be nil. If ctx
	// is cancelled, Run stops as soon as it can.
	Run(ctx context.Context, attempt *Attempt) (outputs any, err error)
}

// An Attempt has the facts for a running action, and takes its messages.
type Attempt struct {
	// Step is the step that runs.
	Step *Step
	// Reason is why the step runs.
	Reason Decision
	// Previous is the record before this attempt; zero if there was none.
	Previous Record
	// Key is the step's sealed key; "" for a step without a record.
	Key Key

	held func() []*os.File // nil if there are no locks
	tell func(Event)       // nil if nobody observes the run
}

// LockFiles returns the files of the locks of the step and of the steps it depends on, but not
// those of other steps. A child that inherits them keeps the locks as long as it lives. They are
// collected on demand, since most actions start no child.
func (a *Attempt) LockFiles() []*os.File {
	if a.held == nil {
		return nil
	}
	return a.held()
}

// Notef sends a remark to the run's observer. It must not be called once the action has returned.
func (a *Attempt) Notef(format string, args ...any) {
	a.say(Event{Kind: Remark, Text: fmt.Sprintf(format, args...)})
}

// Report sends progress to the run's observer. Action and observer agree on its type. It must not
// be called once the action has returned.
func (a *Attempt) Report(progress any) {
	a.say(Event{Kind: Progress, Value: progress})
}

func (a *Attempt) say(e Event) {
	if a.tell != nil {
		a.tell(e)
	}
}

// A Graph is a list of steps. Each comes after those it depends on.
type Graph struct {
	steps []*Step
	index map[string]int
	// recorded is, by step, whether it depends on a step with a record, directly or through steps
	// without one.
	recorded []bool
}

// Steps returns the graph's steps, in their order.
func (g *Graph) Steps() []*Step { return slices.Clone(g.steps) }

// Has reports whether a step called name is in the graph.
func (g *Graph) Has(name string) bool {
	_, ok := g.index[name]
	return ok
}

// New returns the graph of steps. It keeps the given order as far as Deps and After allow. Plans
// have this order, and ready steps start in it. It is an error if a name repeats, a dependency is
// not in the graph, there is a cycle, a step that can run has no action, or a step runs with one
// that doesn't depend on it.
func New(steps ...*Step) (*Graph, error) {
	given := make(map[string]*Step, len(steps))
	for _, s := range steps {
		if given[s.Name] != nil {
			return nil, fmt.Errorf("two steps are named %q", s.Name)
		}
		if s.Action == nil && (s.Record != "" || s.Missing != nil || s.Always != "") {
			return nil, fmt.Errorf("step %q can run, but has no action", s.Name)
		}
		given[s.Name] = s
	}
	g := &Graph{index: make(map[string]int, len(steps))}
	visiting := make(map[string]bool)
	var visit func(s *Step) error
	visit = func(s *Step) error {
		if _, done := g.index[s.Name]; done {
			return nil
		}
		if visiting[s.Name] {
			return fmt.Errorf("step %q depends on itself", s.Name)
		}
		visiting[s.Name] = true
		recorded := false
		for _, name := range s.Deps {
			dep := given[name]
			if dep == nil {
				return fmt.Errorf("step %q depends on %q, which is not in the graph", s.Name, name)
			}
			if err := visit(dep); err != nil {
				return err
			}
			recorded = recorded || dep.Record != "" || g.recorded[g.index[name]]
		}
		for _, name := range s.After {
			if earlier := given[name]; earlier != nil {
				if err := visit(earlier); err != nil {
					return err
				}
			}
		}
		g.index[s.Name] = len(g.steps)
		g.steps = append(g.steps, s)
		g.recorded = append(g.recorded, recorded)
		return nil
	}
	for _, s := range steps {
		if err := visit(s); err != nil {
			return nil, err
		}
		if with := given[s.With]; s.With != "" && (with == nil || !slices.Contains(with.Deps, s.Name)) {
			return nil, fmt.Errorf("step %q runs with %q, which doesn't depend on it", s.Name, s.With)
		}
	}
	return g, nil
}

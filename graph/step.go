package graph

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// A Step is one idempotent unit of work. It is plain data until its Action
// runs.
type Step struct {
	// Name is unique within a graph and is what a person reads, such as
	// "deps 9b13827".
	Name string
	// Kind says what sort of step this is, such as "deps". Version is the
	// version of the kind's own rules: raising it makes every step of the
	// kind run once more.
	Kind    string
	Version int

	// Deps names the steps that must succeed before this one; their keys are
	// part of its key, and it runs when one of them does. A dependency
	// without a record (see Record) has no key and only has to succeed, but
	// what that depends on counts: when one of those runs, this step does.
	Deps []string
	// Exact is set if another run under the same key makes just what is made
	// already: what depends on the step then goes by its own key, instead of
	// running with it. A step whose action asks the network is not.
	Exact bool
	// After names steps that this one follows if they are in the graph and
	// run, whether they succeed or not.
	After []string

	// Inputs is everything known before any step runs that the result
	// depends on. Late yields the inputs that only the steps below make; it
	// may be nil. Labels must differ.
	Inputs []Input
	Late   func(context.Context) ([]Input, error)

	// Record is the name under which the step's record is kept. A step
	// without one has no key: Always and Missing alone decide whether it runs,
	// and Late, Overwritten, MaxAge and Force mean nothing.
	Record string
	// Overwritten says who has since written over what the attempt made, or
	// "". It may be nil.
	Overwritten func(Record) string
	// Missing says which output of the last success is gone, or "". It may be
	// nil. For a step without a record, the record it gets is zero. When ctx
	// ends, it returns as soon as it can, and its answer is not used.
	Missing func(context.Context, Record) string

	// Always, if not empty, is the reason for which the step is never
	// skipped.
	Always string
	// MaxAge is the age at which a success counts no more; 0 is no limit.
	MaxAge time.Duration
	// Force makes the step run even though it is up to date.
	Force bool

	// Locks are taken for the whole invocation before the step is decided
	// upon for good.
	Locks []Lock
	// Pools bound what runs at once: the step takes one place of each.
	Pools []string

	// Summary says what the last success made, for the plan's line of a
	// skipped step; it may be nil, and then the line says "up to date".
	Summary func(Record) string
	// Detail is what a person wants to know besides the reason when the step
	// runs; it may be nil. The record it gets is that of the last attempt.
	Detail func(Record) string

	// Action may be nil for a step that never runs: one without Record, Missing
	// and Always.
	Action Action
}

// Title divides the step's name into what is done and, after the last space, to
// what.
func (s *Step) Title() (what, to string) {
	i := strings.LastIndexByte(s.Name, ' ')
	return s.Name[:max(i, 0)], s.Name[i+1:]
}

// An Action is what a step does.
type Action interface {
	// Describe returns what running the action executes as planned, one command
	// line or remark a line. It may be empty.
	Describe(Planned) []string
	// Run does it. The outputs are kept in the step's record as JSON; they
	// may be nil. On cancellation of ctx it stops as soon as it can.
	Run(ctx context.Context, attempt *Attempt) (outputs any, err error)
}

// An Attempt is what a running action is told and can say.
type Attempt struct {
	// Step is the step that runs.
	Step *Step
	// Reason is why it runs.
	Reason Decision
	// Previous is the record before this attempt; it is zero when there was
	// none.
	Previous Record
	// Key is the step's key, sealed; "" for a step without a record.
	Key Key

	held func() []*os.File // nil where no locks are held
	tell func(Event)       // nil where nobody watches
}

// Held returns the files of the locks of the step and of those it depends on. A
// child that inherits them keeps the locks for as long as it lives; those of
// other steps are none of its business. It is worked out when asked for: most
// actions start no child.
func (a *Attempt) Held() []*os.File {
	if a.held == nil {
		return nil
	}
	return a.held()
}

// Notef passes a remark on to whoever watches the run. It must not be called
// once the action has returned.
func (a *Attempt) Notef(format string, args ...any) {
	a.say(Event{Kind: Remark, Text: fmt.Sprintf(format, args...)})
}

// Report passes on how the action gets on, in a form that it and whoever
// watches the run agree on. It must not be called once the action has returned.
func (a *Attempt) Report(progress any) {
	a.say(Event{Kind: Progress, Value: progress})
}

func (a *Attempt) say(e Event) {
	if a.tell != nil {
		a.tell(e)
	}
}

// A Graph is a set of steps in an order in which each comes after those it
// depends on.
type Graph struct {
	steps []*Step
	index map[string]int
	// recorded is, by step, whether it depends on one with a record, over steps
	// without one too.
	recorded []bool
}

// Steps are the graph's steps, in their order.
func (g *Graph) Steps() []*Step { return slices.Clone(g.steps) }

// Has reports whether a step of that name is in the graph.
func (g *Graph) Has(name string) bool {
	_, ok := g.index[name]
	return ok
}

// New returns the graph of steps. The order in which they are given is kept as
// far as Deps and After allow; it is the order of the plan, and the order in
// which steps that are ready start. A name given twice, a dependency that is
// not in the graph, a cycle, and a step that can run but has no action are errors.
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
	}
	return g, nil
}

package steps

import (
	"io"
	"slices"
	"strings"
	"time"

	"dot-for-dbt/config"
	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/dbt/run"
	"dot-for-dbt/internal/store"
	"dot-for-dbt/spec"
)

// A Request is what an invocation asks for.
type Request struct {
	Command dbt.Command
	// Specs are the builds that the command runs on. None means the default
	// environment on the working tree.
	Specs    []spec.Spec
	Baseline *spec.Spec // of --defer; nil for none
	// Elsewhere is a side of a comparison that dbt built elsewhere; nil for none.
	Elsewhere *spec.Spec
	// At is the ref of --at, the commit that Elsewhere or a Baseline without a ref was built from; "" if it
	// is not known.
	At string
	// Pulls takes over builds of Specs that the team's store has, and that were not built here. Pull does
	// so if they were built here, too, and is an error for one that the store lacks.
	Pulls, Pull bool
	// Pushes finds the store of each build.
	Pushes bool
	// Store is the URL of the team's store, "" for that of the environment.
	Store string
	// From is the store, instead of that of Store and the environment; nil for none.
	From *store.Store
	// Variants build each spec several times, each with another dbt; nil: once.
	Variants []Variant
	// OfVariants has the variant that each of Specs means, "" for its own build; nil: for none. They are
	// builds of an earlier invocation, and the environment's own dbt works on them.
	OfVariants []string
	// Args are the arguments for dbt: the flags that dot passes on, and the words
	// after "--".
	Args []string

	Modified bool // --modified
	// ByCompiled is --modified=compiled: of what --modified selects, only what compiles to other code.
	ByCompiled bool
	// Reuse is --reuse: Baseline is its build, and Modified is set, too.
	Reuse bool
	// CloneIncremental is --clone-incremental.
	CloneIncremental bool
	NoDeps           bool        // --no-deps
	OwnSchema        bool        // --own-schema
	Isolated         bool        // --isolated
	Force            bool        // --force
	Resume           bool        // --resume
	CheckWarehouse   bool        // --check-warehouse
	Yes              bool        // --yes
	ResetWorktree    bool        // --reset-worktree
	NoDBTHost        bool        // --no-dbt-host
	MaxAge           *config.Age // --max-age; nil: not given
	// Report makes steps report the output of programs, as they do for several
	// builds: as artifact.Event for the command, as Line for earlier steps.
	Report bool
	// ChecksOnly prepares the builds and checks where the command would write, and ends there: no step
	// connects to the warehouse.
	ChecksOnly bool
	// Extend, if set, is called with the compiled program and may add steps on top.
	// It may be called again: see [Program.Begin].
	Extend func(*Program) error
	// Planning means that nothing will run, not even dbt --version.
	Planning bool
}

// isolated reports whether any of the specs has a ref.
func (r Request) isolated() bool { return slices.ContainsFunc(r.Specs, spec.Spec.Isolated) }

// A World is the environment of an invocation.
type World struct {
	Dir  string   // the working directory, absolute
	Env  []string // NAME=value
	Home string   // the user's home directory, "" if there is none
	Now  func() time.Time
	// Stdout and Stderr are for dbt. dbt inherits an *os.File directly.
	Stdout, Stderr io.Writer
	// LineWidth returns how many columns there are for a line of a step's dbt, if its output is
	// reported; 0: as many as dbt takes. It may be nil.
	LineWidth func(*graph.Step) int
	// AtEnd takes what is to be done when the invocation has ended, and nobody needs its program any
	// more. It may be nil.
	AtEnd func(func() error)
	// Launcher runs dbt for several programs, one after another; who made it closes it. nil: each
	// program has its own.
	Launcher *run.Launcher
	// Aside is for the output of programs that prepare dbt's command; nil: Stderr.
	Aside io.Writer
}

// Getenv returns the value of an environment variable, and whether it is set.
func (w World) Getenv(name string) (value string, ok bool) {
	for i := len(w.Env) - 1; i >= 0; i-- {
		if value, ok := strings.CutPrefix(w.Env[i], name+"="); ok {
			return value, true
		}
	}
	return "", false
}

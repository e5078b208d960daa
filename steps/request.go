package steps

import (
	"io"
	"slices"
	"strings"
	"time"

	"dot-for-dbt/config"
	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/spec"
)

// A Request is what an invocation asks for.
type Request struct {
	Command dbt.Command
	// Specs are what it is to be run on; none is the default environment on the
	// working tree.
	Specs    []spec.Spec
	Baseline *spec.Spec // of --defer; nil for none
	// Args are the arguments for dbt: the flags that dot passes on, and what
	// stood after "--".
	Args []string

	Modified      bool        // --modified
	NoDeps        bool        // --no-deps
	Force         bool        // --force
	Resume        bool        // --resume
	ResetWorktree bool        // --reset-worktree
	NoDBTHost     bool        // --no-dbt-host
	MaxAge        *config.Age // --max-age; nil: not given
	// Report has what programs say reported, as it is where there are several
	// builds: as artifact.Event for the command, as Line for what runs before it.
	Report bool
	// Extend, if set, is called with the program when it is compiled, and may put
	// steps on top of it. A program can be compiled anew, see [Program.Begin].
	Extend func(*Program) error
	// Planning is set when nothing will be run, not even to learn dbt's
	// version.
	Planning bool
}

// isolated reports whether any of the specs has a ref.
func (r Request) isolated() bool { return slices.ContainsFunc(r.Specs, spec.Spec.Isolated) }

// A World is where an invocation happens.
type World struct {
	Dir  string   // the working directory, absolute
	Env  []string // NAME=value
	Home string   // the user's home directory, "" if there is none
	Now  func() time.Time
	// Stdout and Stderr are dbt's: an *os.File is handed on as it is.
	Stdout, Stderr io.Writer
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

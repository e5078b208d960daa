package steps

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt/tool"
	"dot-for-dbt/internal/durable"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/python"
	"dot-for-dbt/internal/text"
	"dot-for-dbt/internal/workspace"
)

// toolchainSetting is how a dbt of a toolchain is said to have been found.
const toolchainSetting = "dot: toolchain"

// A toolchain is a virtual environment made from a requirements file as it is
// at a commit. It is shared by all builds whose files are the same.
type toolchain struct {
	workspace.Toolchain
	requirements python.Requirements
	maker        python.Maker
	identity     string // of the interpreter
	from         string // requirements.txt at 9b13827
}

// toolchainOutputs are what the step's record keeps.
type toolchainOutputs struct {
	// Venv is where it was made: a virtual environment can't be moved.
	Venv   string `json:"venv"`
	DBT    string `json:"dbt"`    // its version, "" if only dbt itself can tell
	Python string `json:"python"` // of what and with what it was made
}

// key names a toolchain by what it is made from.
func (t *toolchain) key() string {
	parts := []string{t.identity}
	for _, f := range t.requirements.Files {
		parts = append(parts, f.Name, string(f.Data))
	}
	return digest([]byte(fmt.Sprintf("%q", parts)))[:16]
}

// short is the key as a person reads it.
func (t *toolchain) short() string { return t.Key[:8] }

func (t *toolchain) step() string { return "toolchain " + t.short() }

// program is the path of its dbt.
func (t *toolchain) program() string { return python.Program(t.Venv(), "dbt") }

// made reports whether a toolchain is there, whole.
func (rt *runtime) made(t *toolchain) bool {
	record, err := rt.ws.Load(t.Record("venv"))
	return err == nil && record.State == graph.Succeeded && t.missing(record) == ""
}

// missing says what of a toolchain that was made is gone.
func (t *toolchain) missing(r graph.Record) string {
	var out toolchainOutputs
	if r.Decode(&out) != nil {
		return "record is not whole"
	}
	if out.Venv != t.Venv() {
		return "it was made in another place, " + out.Venv
	}
	if _, err := os.Stat(t.program()); err != nil {
		return "its dbt is gone"
	}
	if _, err := os.Stat(python.Program(t.Venv(), "python")); err != nil { // a link to what it was made of
		return "its Python is gone"
	}
	return ""
}

// toolchainStep makes the toolchain.
func (rt *runtime) toolchainStep(t *toolchain) *graph.Step {
	inputs := []graph.Input{{Label: "python", Value: t.identity, Show: t.maker.Python}}
	for _, f := range t.requirements.Files {
		inputs = append(inputs, graph.Input{Label: "requirements: " + f.Name, Value: string(f.Data)})
	}
	return &graph.Step{
		Name: t.step(), Kind: "toolchain", Version: 1,
		Inputs: inputs, Record: t.Record("venv"), Missing: func(_ context.Context, r graph.Record) string { return t.missing(r) },
		Summary: func(r graph.Record) string {
			var out toolchainOutputs
			if r.Decode(&out) != nil || out.DBT == "" {
				return ""
			}
			return fmt.Sprintf("dbt %s, of %s", out.DBT, t.from)
		},
		Detail: func(graph.Record) string { return t.from },
		Locks:  []graph.Lock{{Name: "toolchain-" + t.Key, What: t.step()}},
		Pools:  []string{jobsPool},
		Action: &makeToolchain{runtime: rt, toolchain: t},
	}
}

type makeToolchain struct {
	*runtime
	toolchain *toolchain
}

// file is where a requirements file is put.
func (a *makeToolchain) file(name string) string {
	return filepath.Join(a.toolchain.Requirements(), filepath.FromSlash(name))
}

func (a *makeToolchain) Describe(graph.Planned) []string {
	t := a.toolchain
	var lines []string
	for _, argv := range t.maker.Commands(t.Venv(), a.file(t.requirements.Files[0].Name)) {
		lines = append(lines, text.ShellQuote(argv))
	}
	return lines
}

func (a *makeToolchain) Run(ctx context.Context, attempt *graph.Attempt) (any, error) {
	t := a.toolchain
	// What is there is half made, or was made of something else.
	for _, dir := range []string{t.Venv(), t.Requirements()} {
		if err := os.RemoveAll(dir); err != nil {
			return nil, fmt.Errorf("make the toolchain anew: %w", err)
		}
	}
	for _, f := range t.requirements.Files {
		if err := durable.Write(a.file(f.Name), f.Data, 0o600); err != nil {
			return nil, fmt.Errorf("make the toolchain: %w", err)
		}
	}
	aside, end := a.aside(attempt)
	defer end()
	first := t.requirements.Files[0].Name
	err := t.maker.Make(ctx, python.Job{
		Dir: t.Venv(), Requirements: a.file(first), WorkDir: t.Dir(),
		Env: a.world.Env, Inherit: attempt.LockFiles(),
		Output: aside,
	})
	if err != nil {
		return nil, fmt.Errorf("toolchain of %s: %w", t.from, err)
	}
	if _, err := os.Stat(t.program()); err != nil {
		return nil, hint.New(
			t.from+" installs no dbt",
			"it has to name dbt and the adapter, best with their versions: dbt-core==1.11.16, dbt-duckdb==1.11.1",
		)
	}
	release, _ := tool.Installed(t.program(), nil)
	return toolchainOutputs{Venv: t.Venv(), DBT: release.Version, Python: t.maker.String()}, nil
}

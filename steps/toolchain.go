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

// toolchainSetting is the source of a toolchain's dbt, as shown to the user.
const toolchainSetting = "dot: toolchain"

// A toolchain is a virtual environment made from a commit's requirements file. All
// builds with the same requirements share it.
type toolchain struct {
	workspace.Toolchain
	requirements python.Requirements
	maker        python.Maker
	identity     string // the interpreter's
	from         string // requirements.txt at 9b13827
}

// toolchainOutputs are the outputs in the step's record.
type toolchainOutputs struct {
	// Venv is its original path: a virtual environment can't be moved.
	Venv   string `json:"venv"`
	DBT    string `json:"dbt"`    // dbt's version; "" if only dbt --version knows it
	Python string `json:"python"` // the interpreter and the installer
}

// key returns a digest of the requirements and the interpreter.
func (t *toolchain) key() string {
	parts := []string{t.identity}
	for _, f := range t.requirements.Files {
		parts = append(parts, f.Name, string(f.Data))
	}
	return digest([]byte(fmt.Sprintf("%q", parts)))[:16]
}

// short returns the key's display name.
func (t *toolchain) short() string { return t.Key[:min(len(t.Key), 8)] }

func (t *toolchain) step() string { return "toolchain " + t.short() }

func (t *toolchain) lock() graph.Lock {
	return graph.Lock{Name: "toolchain-" + t.Key, What: t.step()}
}

// program returns the path of its dbt.
func (t *toolchain) program() string { return python.Program(t.Venv(), "dbt") }

// made reports whether a toolchain is installed and complete.
func (h *home) made(t *toolchain) bool {
	record, err := h.ws.Load(t.Record("venv"))
	return err == nil && record.State == graph.Succeeded && t.missing(record) == ""
}

// missing says which part of an installed toolchain is missing, "" for none.
func (t *toolchain) missing(r graph.Record) string {
	var out toolchainOutputs
	if r.Decode(&out) != nil {
		return "the record is damaged"
	}
	if out.Venv != t.Venv() {
		return "it was made in another place, " + out.Venv
	}
	if _, err := os.Stat(t.program()); err != nil {
		return "its dbt is gone"
	}
	if _, err := os.Stat(python.Program(t.Venv(), "python")); err != nil { // a link to the interpreter
		return "its Python is gone"
	}
	return ""
}

// toolchainStep installs the toolchain.
func (d *dbts) toolchainStep(t *toolchain) *graph.Step {
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
			return fmt.Sprintf("dbt %s, from %s", out.DBT, t.from)
		},
		Detail: func(graph.Record) string { return t.from },
		Locks:  []graph.Lock{t.lock()},
		Pools:  []string{jobsPool},
		Action: &makeToolchain{dbts: d, toolchain: t},
	}
}

type makeToolchain struct {
	*dbts
	toolchain *toolchain
}

// file returns the path to which a requirements file is written.
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
	// Remove an incomplete or outdated toolchain.
	for _, dir := range []string{t.Venv(), t.Requirements()} {
		if err := os.RemoveAll(dir); err != nil {
			return nil, fmt.Errorf("remove the old toolchain: %w", err)
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
			"it has to name dbt and the adapter, preferably with versions: dbt-core==1.11.16, dbt-duckdb==1.11.1",
		)
	}
	release, _ := tool.Installed(t.program(), nil)
	return toolchainOutputs{Venv: t.Venv(), DBT: release.Version, Python: t.maker.String()}, nil
}

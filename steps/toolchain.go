package steps

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"dot-for-dbt/config"
	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt/tool"
	"dot-for-dbt/internal/durable"
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

// toolchain finds out which toolchain the environment of a build means.
func (c *compiler) toolchain(b *build) (*toolchain, error) {
	name := path.Join(c.prefix, b.env.Dot.Toolchain)
	t := &toolchain{from: fmt.Sprintf("%s at %s", name, b.Commit.Short)}
	var err error
	t.requirements, err = python.ReadRequirements(name, func(name string) ([]byte, error) {
		data, err := c.objects.Read(b.Commit.Hash + ":" + name)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, &hintError{
				msg: fmt.Sprintf("there is no %s at %s", name, b.Commit.Short), err: err,
				hints: []string{
					fmt.Sprintf("git log --oneline -- %s shows the commits that have it", text.ShellQuote([]string{name})),
					fmt.Sprintf("for those that don't, define an environment beside %s without its toolchain", b.Env),
				},
			}
		}
		return data, err
	})
	if err != nil {
		return nil, err
	}
	if t.maker, err = python.Find(); err != nil {
		return nil, err
	}
	if t.identity, err = t.maker.Identity(); err != nil {
		return nil, err
	}
	t.Toolchain = c.ws.Toolchain(t.key())
	return t, nil
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

// made reports whether the toolchain is there, whole.
func (t *toolchain) made(c *compiler) bool {
	record, err := c.ws.Load(t.Record("venv"))
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

// findTool finds the dbt of an environment: that of the target's toolchain, if
// it has one, else the one that the search finds.
func (c *compiler) findTool(ctx context.Context, env config.Environment, target *build, search tool.Search) (tool.Tool, error) {
	say := func(format string, args ...any) {
		c.program.detail(fmt.Sprintf(format, args...))
	}
	named, _ := c.getenv("DOT_DBT")
	switch {
	case env.Dot.Toolchain == "":
		return c.known.tools.get(fmt.Sprintf("%q %t", env.Dot.DBT, search.MayRun), func() (tool.Tool, error) { return search.Find(ctx) })
	case named != "":
		say("DOT_DBT takes the place of the toolchain %s", env.Dot.Toolchain)
		return search.Find(ctx)
	case target == nil:
		say("the toolchain %s is for commits: the working tree is built with its own dbt", env.Dot.Toolchain)
		return search.Find(ctx)
	}
	t, err := c.toolchain(target)
	if err != nil {
		return tool.Tool{}, fmt.Errorf("toolchain of %s: %w", target, err)
	}
	target.tools = t
	say("toolchain %s: %s, made of %s", t.short(), t.from, t.maker)
	return c.toolchainDBT(ctx, t, search)
}

// toolchainDBT is the toolchain's dbt: as it is installed or, as long as it
// isn't, as the requirements pin it.
func (c *compiler) toolchainDBT(ctx context.Context, t *toolchain, search tool.Search) (tool.Tool, error) {
	own := tool.Tool{
		Argv: []string{t.program()}, Path: t.program(),
		Release: tool.Release{Version: t.requirements.Pin("dbt-core")},
	}
	if t.made(c) {
		var err error
		search.Setting = own.Argv
		if own, err = search.Find(ctx); err != nil {
			return own, err
		}
	}
	own.How = toolchainSetting
	return own, nil
}

// versions are the dbt and the adapter that the steps of a job depend on, as
// far as they are known before any step runs.
func (job *job) versions(adapter string) []graph.Input {
	if job.build.tools != nil {
		return nil
	}
	return versionInputs(job.tool, adapter)
}

// lateVersions are those that are known once the toolchain is made.
func (c *compiler) lateVersions(b *build, adapter string) []graph.Input {
	if b.tools == nil {
		return nil
	}
	pythonPath, _ := c.getenv("PYTHONPATH")
	release, ok := tool.Installed(b.tools.program(), filepath.SplitList(pythonPath))
	if !ok { // dbt 2: the toolchain's own key stands for it
		release.Version = "of the toolchain"
	}
	return versionInputs(tool.Tool{Release: release}, adapter)
}

// toolchainStep makes the toolchain.
func (c *compiler) toolchainStep(t *toolchain) *graph.Step {
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
		Action: &makeToolchain{compiler: c, toolchain: t},
	}
}

type makeToolchain struct {
	*compiler
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
		Env: a.world.Env, Inherit: attempt.Held(),
		Output: aside,
	})
	if err != nil {
		return nil, fmt.Errorf("toolchain of %s: %w", t.from, err)
	}
	if _, err := os.Stat(t.program()); err != nil {
		return nil, &hintError{
			msg:   t.from + " installs no dbt",
			hints: []string{"it has to name dbt and the adapter, best with their versions: dbt-core==1.11.16, dbt-duckdb==1.11.1"},
		}
	}
	release, _ := tool.Installed(t.program(), nil)
	return toolchainOutputs{Venv: t.Venv(), DBT: release.Version, Python: t.maker.String()}, nil
}

package steps

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"

	"dot-for-dbt/config"
	"dot-for-dbt/internal/dbt/tool"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/python"
	"dot-for-dbt/internal/text"
)

// Finding the dbt that a job runs.

// findDBT finds the dbt of a job.
func (p *planner) findDBT(ctx context.Context, job *job) error {
	search := p.search(job.env)
	// A plain job doesn't need the version. Without a workspace, dot would have to
	// start dbt each time to get it.
	search.MayRun = !p.req.Planning && job.build != nil
	if p.ws != nil {
		search.Versions = p.program.memo
	}
	var err error
	if job.tool, err = p.findTool(ctx, job, search); err != nil {
		return err
	}
	if job.tool.Cloud && job.build != nil {
		return hint.New(
			job.tool.Path+" is the dbt Cloud CLI, which does not read profiles.yml: it can't build in another schema",
			"install dbt Core (pip install dbt-core dbt-<adapter>), and name it: DOT_DBT=.venv/bin/dbt",
		)
	}
	p.program.detail("dbt found through " + job.tool.How)
	return nil
}

// findTool finds the dbt of a job: a variant's, or that of the environment.
func (f *finder) findTool(ctx context.Context, job *job, search tool.Search) (tool.Tool, error) {
	if job.build != nil && job.build.variant != nil && !job.build.variant.DBT.own() {
		return f.variantTool(ctx, job, search)
	}
	return f.ownTool(ctx, job, search)
}

// ownTool finds the dbt of a job's environment: in its toolchain, or by a search.
func (f *finder) ownTool(ctx context.Context, job *job, search tool.Search) (tool.Tool, error) {
	env := job.env
	say := func(format string, args ...any) {
		f.program.detail(fmt.Sprintf(format, args...))
	}
	named, _ := f.world.Getenv("DOT_DBT")
	switch {
	case env.Dot.Toolchain == "":
	case named != "":
		say("DOT_DBT overrides the toolchain %s", env.Dot.Toolchain)
	case job.build == nil:
		say("the toolchain %s is for commits only: the working tree uses its own dbt", env.Dot.Toolchain)
	default:
		t, err := f.toolchainOf(job.build)
		if err != nil {
			return tool.Tool{}, fmt.Errorf("toolchain of %s: %w", job.build, err)
		}
		return f.useToolchain(ctx, job, t, search)
	}
	return f.known.tools.get(fmt.Sprintf("%q %t", env.Dot.DBT, search.MayRun), func() (tool.Tool, error) { return search.Find(ctx) })
}

// useToolchain makes a toolchain the job's, and returns its dbt.
func (f *finder) useToolchain(ctx context.Context, job *job, t *toolchain, search tool.Search) (tool.Tool, error) {
	job.toolchain = t
	f.program.detail(fmt.Sprintf("toolchain %s: %s, made of %s", t.short(), t.from, t.maker))
	return f.known.tools.get("toolchain "+t.Key, func() (tool.Tool, error) { return f.toolchainDBT(ctx, t, search) })
}

// toolchainDBT returns the toolchain's dbt: the installed one or, before it is
// installed, the version that the requirements pin.
func (f *finder) toolchainDBT(ctx context.Context, t *toolchain, search tool.Search) (tool.Tool, error) {
	found := tool.Tool{
		Argv: []string{t.program()}, Path: t.program(), Itself: true,
		Release: tool.Release{Version: t.requirements.Pin("dbt-core")},
	}
	if f.made(t) {
		var err error
		search.Words, search.Option = t.program(), toolchainSetting // DOT_DBT names another
		if found, err = search.Find(ctx); err != nil {
			return found, err
		}
	}
	found.How = toolchainSetting
	return found, nil
}

// toolchainOf returns the toolchain of a build's environment.
func (f *finder) toolchainOf(b *build) (*toolchain, error) {
	name := path.Join(f.prefix, b.env.Dot.Toolchain)
	return f.known.toolchains.get(b.Commit.Hash+":"+name, func() (*toolchain, error) { return f.readToolchain(b, name) })
}

func (f *finder) readToolchain(b *build, name string) (*toolchain, error) {
	t := &toolchain{from: fmt.Sprintf("%s at %s", name, b.Commit.Short)}
	var err error
	t.requirements, err = python.ReadRequirements(name, func(name string) ([]byte, error) {
		words, err := f.objects.Read(b.Commit.Hash + ":" + name)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, hint.Reword(
				err,
				fmt.Sprintf("there is no %s at %s", name, b.Commit.Short),
				fmt.Sprintf("git log --oneline -- %s shows the commits that have it", text.ShellQuote([]string{name})),
				fmt.Sprintf("for other commits, define another environment like %s, without the toolchain", b.Env),
			)
		}
		return words, err
	})
	if err != nil {
		return nil, err
	}
	return t, f.identify(t)
}

// identify finds what makes a toolchain, and its directory.
func (f *finder) identify(t *toolchain) (err error) {
	if t.maker, err = python.Find(); err != nil {
		return err
	}
	if t.identity, err = t.maker.Identity(); err != nil {
		return err
	}
	t.Toolchain = f.ws.Toolchain(t.key())
	return nil
}

// search returns the search for the dbt of an environment.
func (f *finder) search(env config.Environment) tool.Search {
	return tool.Search{
		Env:     func(name string) string { value, _ := f.world.Getenv(name); return value },
		Setting: env.Dot.DBT, Dir: f.project,
	}
}

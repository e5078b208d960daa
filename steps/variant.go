package steps

import (
	"context"
	"fmt"
	"path"
	"path/filepath"
	"strings"

	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/dbt/run"
	"dot-for-dbt/internal/dbt/tool"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/lazy"
	"dot-for-dbt/internal/python"
	"dot-for-dbt/spec"
)

// A Variant is one of several builds of the same spec, each with a dbt of its own. It has a
// worktree, packages, schemas and records of its own, under a commit's name with the variant's: except
// to drop it, no spec means it, so that no other build takes its data for its own.
type Variant struct {
	Name string // to: dev@24256d1.to, in the schema dev_to_24256d1
	DBT  DBTChoice
}

// A DBTChoice says which dbt builds a variant, in the words of a flag. The zero value is the
// environment's own dbt.
type DBTChoice struct {
	Flag string // --to
	// One of these is set.
	Release   string // 1.12.6: installed, unless the environment's own dbt is that release
	Toolchain string // a requirements file of the project at the commit, as for `dot: {toolchain: …}`
	Command   string // a command line or path, as in DOT_DBT
}

var (
	releaseForm = lazy.Regexp(`^(?:dbt(?:-core)?\s*(?:==|@|\s)\s*)?v?(\d+\.\d+\.\d+[\w.+-]*)$`)
	shortForm   = lazy.Regexp(`^(?:dbt(?:-core)?\s*(?:==|@|\s)\s*)?v?\d+(?:\.\d+)?$`)
)

// ReadDBTChoice reads the value of a flag that names a dbt.
func ReadDBTChoice(flag, value string) (DBTChoice, error) {
	value = strings.TrimSpace(value)
	choice := DBTChoice{Flag: flag}
	switch {
	case value == "":
		return choice, hint.New(flag+" names no dbt", dbtForms(flag)...)
	case releaseForm().MatchString(value):
		choice.Release = releaseForm().FindStringSubmatch(value)[1]
	case shortForm().MatchString(value):
		return choice, hint.New(fmt.Sprintf("%s %q is not a whole release: three numbers are expected", flag, value), flag+` "dbt 1.12.6"`)
	case strings.HasSuffix(value, ".txt") && !strings.ContainsAny(value, " \t") && !path.IsAbs(value):
		choice.Toolchain = path.Clean(value)
	default:
		choice.Command = value
	}
	return choice, nil
}

// dbtForms are the ways to name a dbt.
func dbtForms(flag string) []string {
	return []string{
		"a release, which is installed: " + flag + ` "dbt 1.12.6"`,
		"a requirements file of the project: " + flag + " requirements/dbt-1.12.txt",
		"the path of a dbt or of its virtual environment, or a command: " + flag + " .venv-1.12/bin/dbt",
	}
}

// own reports whether the choice is the environment's own dbt.
func (c DBTChoice) own() bool { return c.Release == "" && c.Toolchain == "" && c.Command == "" }

// varied returns each spec once for each variant that was asked for.
func (p *planner) varied(specs []resolvedSpec) []resolvedSpec {
	if len(p.req.Variants) == 0 {
		return specs
	}
	var all []resolvedSpec
	for _, s := range specs {
		for i := range p.req.Variants {
			s.variant = &p.req.Variants[i]
			all = append(all, s)
		}
	}
	return all
}

// VariantSpec is what a person types for a variant of a build: dev@24256d1.to.
func VariantSpec(s spec.Spec, variant string) string { return s.String() + "." + variant }

// as makes the build a variant's. Its schemas have the usual suffix, after the variant's name.
func (b *build) as(v *Variant) {
	if v == nil {
		return
	}
	b.variant = v
	b.suffix = v.Name + "_" + b.suffix
	b.Commit = b.Commit.For(v.Name)
}

// variantTool finds the dbt of a variant.
func (f *finder) variantTool(ctx context.Context, job *job, search tool.Search) (tool.Tool, error) {
	switch choice := job.build.variant.DBT; {
	case choice.Command != "":
		search.Words, search.Option = choice.Command, choice.Flag
		key := fmt.Sprintf("%s %q %t", choice.Flag, choice.Command, search.MayRun)
		return f.known.tools.get(key, func() (tool.Tool, error) { return search.Find(ctx) })
	case choice.Toolchain != "":
		t, err := f.readToolchain(job.build, path.Join(f.prefix, choice.Toolchain))
		if err != nil {
			return tool.Tool{}, fmt.Errorf("%s: %w", choice.Flag, err)
		}
		return f.useToolchain(ctx, job, t, search)
	default:
		own, err := f.ownTool(ctx, job, search)
		if err == nil && (own.Version == choice.Release || sameRelease(own.Version, choice.Release)) {
			return own, nil
		}
		job.toolchain = nil
		t, err := f.releaseToolchain(choice.Release, job.output.Adapter)
		if err != nil {
			return tool.Tool{}, err
		}
		return f.useToolchain(ctx, job, t, search)
	}
}

// sameRelease compares releases as dbt and as Python write them: 2.0.0-alpha.4 is 2.0.0a4.
func sameRelease(a, b string) bool {
	plain := strings.NewReplacer("-alpha.", "a", "-beta.", "b", "-rc.", "rc", "-preview.", "dev")
	return plain.Replace(a) == plain.Replace(b)
}

// releaseToolchain returns the toolchain of a release of dbt, with the newest adapter that fits
// when it is installed. dbt 2 has its adapters.
func (f *finder) releaseToolchain(release, adapter string) (*toolchain, error) {
	lines := "dbt-core==" + release + "\n"
	if !strings.HasPrefix(release, "2.") {
		lines += "dbt-" + adapter + "\n"
	}
	t := &toolchain{from: "dbt " + release}
	var err error
	if t.requirements, err = python.ReadRequirements("dbt.txt", func(string) ([]byte, error) { return []byte(lines), nil }); err != nil {
		return nil, err
	}
	return t, f.identify(t)
}

// ParseCall returns a dbt parse of the build's project that warns of everything in its files. dbt
// writes to dir, which belongs to the caller.
func (b *Built) ParseCall(dir string) run.Call {
	job := b.job
	parse, _ := dbt.LookupCommand("parse")
	line := dbt.CommandLine{DBT: job.DBT, Command: parse.In(job.tool.Version)}
	for _, flag := range []string{"project-dir", "profiles-dir", "profile", "target", "vars"} {
		if o, ok := job.Lookup(flag); ok && line.Command.Takes(flag) {
			line.Fixed = append(line.Fixed, o)
		}
	}
	line.Fixed = append(line.Fixed, dbt.NewOption("target-path", filepath.Join(dir, "target")), dbt.NewOption("log-path", filepath.Join(dir, "logs")))
	if line.Command.Takes("show-all-deprecations") {
		line.Fixed = append(line.Fixed, dbt.NewOption("show-all-deprecations"))
	}
	line = line.ParsingAnew()
	isolated := b.runtime.isolate(job, line)
	line.Environment = isolated.Overrule
	return b.runtime.dbtCall(job, line.Argv(), job.exported(isolated.Env))
}

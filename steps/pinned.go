package steps

import (
	"fmt"
	"net/url"
	"path/filepath"
	"slices"

	"dot-for-dbt/internal/hint"
)

// Naming an invocation's builds for jobs on other machines: there, a branch may be at another commit,
// and the working tree is another one.

// Pinned returns the spec that means the build in every clone: its environment and the commit's whole
// hash. It returns an error for a build of files that only this machine has.
func (b *Built) Pinned() (string, error) {
	if b.job.build == nil {
		return "", hint.New(b.Name+" is dbt on the working tree, which only this machine has", "name a commit: "+b.Environment()+"@HEAD")
	}
	return b.job.build.pinned()
}

// pinned returns the build's spec with the commit's whole hash.
func (b *build) pinned() (string, error) {
	if b.isDraft() || b.Tree != "" {
		return "", hint.New(b.String()+" has files that only this machine has", "commit them, and name the commit: "+b.Env+"@HEAD")
	}
	return b.Env + "@" + b.Commit.Hash, nil
}

// Pins say how jobs on other machines run a program's builds.
type Pins struct{ program *Program }

// Pins returns the pins of the program.
func (p *Program) Pins() Pins { return Pins{p} }

// Baseline returns the values of --defer and --at that mean the same in every clone, "" for a flag
// that the invocation doesn't have.
func (p Pins) Baseline() (deferred, at string, err error) {
	if p.program.baseline == nil {
		return "", "", nil
	}
	b, asked := p.program.baseline.build, p.program.baseline.asked
	switch {
	case asked.Isolated():
		deferred, err = b.pinned()
		return deferred, "", err
	case asked.Path == "" && b.env.Dot.Baseline == "":
		return "", "", hint.New(
			fmt.Sprintf("--defer %s is what dbt left in the working tree, which only this machine has", b.env.Name),
			fmt.Sprintf("name a commit: --defer %s@main", b.env.Name),
		)
	case asked.Path == "":
		return b.env.Name, b.commit.Hash, nil
	}
	if u, err := url.Parse(asked.Path); err == nil && u.Scheme != "" && (u.User != nil || u.RawQuery != "") {
		return "", "", hint.New(
			"the URL of --defer has a user, a password or a query, and each job would show it",
			"set it where the jobs run, in dot_environments.user.yml: environment: {prod: {dot: {baseline: …}}}; then --defer prod is enough",
		)
	}
	return asked.Path, b.commit.Hash, nil
}

// Needs returns the builds of the program that a build needs: its baseline, if the program builds that.
func (p Pins) Needs(b *Built) []*Built {
	base := b.job.baseline
	if base == nil || base.within == "" {
		return nil
	}
	return []*Built{p.program.byStep[base.within]}
}

// Pool returns the pool of the configuration that a build's command is in, and its size; "" and 0 for
// none.
func (p Pins) Pool(b *Built) (name string, size int) {
	if name = b.Settings().Pool; name != "" {
		size = p.program.pools[namedPool(name)]
	}
	return name, size
}

// Shared reports whether builds go into a team's store. It returns an error if some do and others don't.
func (p Pins) Shared() (bool, error) {
	with := slices.IndexFunc(p.program.Builds, func(b *Built) bool { return b.job.store != nil })
	without := slices.IndexFunc(p.program.Builds, func(b *Built) bool { return b.job.store == nil })
	if with >= 0 && without >= 0 {
		return false, hint.New(
			fmt.Sprintf("environment %s has a store, and %s has none", p.program.Builds[with].Environment(), p.program.Builds[without].Environment()),
			"name one for all, in dot_environments.yml: environment: {all: {dot: {store: …}}}",
		)
	}
	return with >= 0, nil
}

// WorkDir returns the directory that the invocation runs in, relative to the repository's root and with
// slashes; "." is the root.
func (p Pins) WorkDir() (string, error) {
	below, err := filepath.Rel(p.program.runtime.project, p.program.runtime.world.Dir)
	return filepath.ToSlash(filepath.Join(p.program.Repo.Prefix, below)), err
}

// LocalFiles names the builds whose database is a file of this machine, "" for none.
func (p Pins) LocalFiles() string {
	var names []string
	for _, b := range p.program.Builds {
		if b.job.build != nil && b.job.build.duckdb != "" {
			names = append(names, b.Name)
		}
	}
	return listNames(names)
}

package steps

import (
	"fmt"
	"strings"

	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/dbt/profile"
	"dot-for-dbt/internal/hint"
)

// checkVersion returns an error if the project at a build's commit doesn't allow the
// dbt in use. dbt itself checks only when it runs, and can't say how to build an old
// commit with another dbt.
func (p *planner) checkVersion(job *job) error {
	b, tool := job.build, job.tool
	if len(b.project.RequireDBT) == 0 || !dbt.SwitchedOn("version-check", job.AllOptions(), b.world.Getenv, !b.project.NoCheck) {
		return nil
	}
	if tool.Version == "" {
		p.program.note(fmt.Sprintf("require-dbt-version of %s is not checked: dbt's version is not known yet", b.Commit.Short))
		return nil
	}
	scope := profile.Scope{Env: b.world.Getenv, Vars: job.env.Vars}
	if ok, judged := b.project.Meets(tool.Version, scope); ok || !judged {
		return nil
	}
	return hint.New(
		fmt.Sprintf("%s requires dbt %s, but dbt is %s, from %s",
			b.Commit.Short, strings.Join(b.project.Required(scope), ", "), tool.Version, tool.How),
		append(anotherDBT(tool.How), "or build it with this dbt anyway: -- --no-version-check, or for all commits dot: {version-check: false}")...,
	)
}

// anotherDBT says how to use another dbt. how is how this dbt was found.
func anotherDBT(how string) []string {
	switch how {
	case "DOT_DBT":
		return []string{"unset DOT_DBT, or name one that fits"}
	case toolchainSetting:
		return []string{"name one that fits in the environment, in place of the toolchain: dot: {dbt: /path/to/dbt}"}
	}
	return []string{
		"name one that fits in the environment: dot: {dbt: /path/to/dbt}",
		"or let dot install what each commit pins: dot: {toolchain: requirements.txt}",
	}
}

package steps

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"dot-for-dbt/internal/dbt/profile"
)

// scanProjects finds the environment variables that the project reads at each job's
// commit, with one git grep for all commits. The workspace's memo keeps the result.
func (p *planner) scanProjects(ctx context.Context, jobs []*job) error {
	identity := func(commit string) string { return fmt.Sprintf("env_var 1 %s %q", commit, p.prefix) }
	p.known.reads = map[string]profile.EnvUse{}
	var unknown []string // commits
	for _, job := range jobs {
		if job.build == nil {
			continue
		}
		commit := job.build.commit.Hash
		if _, ok := p.known.reads[commit]; ok {
			continue
		}
		var use profile.EnvUse
		if text, ok := p.program.memo.Lookup(identity(commit)); !ok || json.Unmarshal([]byte(text), &use) != nil {
			unknown = append(unknown, commit)
		}
		p.known.reads[commit] = use
	}
	found, err := p.repo.Grep(ctx, unknown, p.prefix, "env_var")
	if err != nil {
		return fmt.Errorf("look for env_var: %w", err)
	}
	for _, commit := range unknown {
		var use profile.EnvUse
		for _, file := range found[commit] {
			if !renderedByDBT(file) || file == path.Join(p.prefix, "profiles.yml") {
				continue // profile.Output.EnvVars covers the output, without secrets
			}
			text, err := p.objects.Read(commit + ":" + file)
			if err != nil {
				return err
			}
			use = use.Plus(profile.ScanEnvVars(file, text))
		}
		p.known.reads[commit] = use
		text, err := json.Marshal(use)
		if err == nil {
			err = p.program.memo.Save(identity(commit), string(text))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// renderedByDBT reports whether dbt evaluates Jinja in a file of that name.
func renderedByDBT(file string) bool {
	return slices.Contains([]string{".sql", ".yml", ".yaml", ".md", ".jinja", ".jinja2", ".j2"}, strings.ToLower(path.Ext(file)))
}

package steps

import (
	"context"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"dot-for-dbt/internal/dbt/profile"
	"dot-for-dbt/internal/git"
)

// scanProjects finds the environment variables that the project reads at each job's
// commit, also in other directories of the repository that the project names or links to.
// The workspace's memo keeps the result. One git grep searches all new commits, unless
// they have different directories.
func (p *planner) scanProjects(ctx context.Context, jobs []*job) error {
	p.known.reads = map[string]profile.EnvUse{}
	groups := map[string][]scan{} // by their paths
	for _, job := range jobs {
		if job.build == nil {
			continue
		}
		s := scan{commit: job.build.commit.Hash, paths: job.build.sourcePaths()}
		job.scan = s.identity()
		if _, ok := p.known.reads[job.scan]; ok {
			continue
		}
		var use profile.EnvUse
		if !p.program.memo.read(job.scan, &use) {
			if err := s.follow(p.objects); err != nil {
				return fmt.Errorf("look for links: %w", err)
			}
			by := fmt.Sprintf("%q", s.paths)
			groups[by] = append(groups[by], s)
		}
		p.known.reads[job.scan] = use
	}
	for _, group := range groups {
		if err := p.scanGroup(ctx, group); err != nil {
			return err
		}
	}
	return nil
}

// scanGroup scans commits that have the same paths.
func (p *planner) scanGroup(ctx context.Context, group []scan) error {
	commits := make([]string, len(group))
	for i, s := range group {
		commits[i] = s.commit
	}
	found, err := p.repo.Grep(ctx, commits, group[0].paths, "env_var")
	if err != nil {
		return fmt.Errorf("look for env_var: %w", err)
	}
	for _, s := range group {
		var use profile.EnvUse
		for _, file := range found[s.commit] {
			if !renderedByDBT(file) && !s.linked[file] || file == path.Join(p.prefix, "profiles.yml") {
				continue // profile.Output.EnvVars covers the output, without secrets
			}
			text, err := p.objects.Read(s.commit + ":" + file)
			if err != nil {
				return err
			}
			use = use.Plus(profile.ScanEnvVars(file, text))
		}
		p.known.reads[s.id] = use
		if err := p.program.memo.keep(s.id, use); err != nil {
			return err
		}
	}
	return nil
}

// A scan looks for environment variables in a commit's files below paths, which have
// slashes and start at the top of the repository.
type scan struct {
	commit, id string
	paths      []string
	linked     map[string]bool // files that a rendered file's name leads to
}

// identity is the scan's name in the memo, before it follows links.
func (s *scan) identity() string {
	s.id = fmt.Sprintf("env_var 2 %s %q", s.commit, s.paths)
	return s.id
}

// follow adds what links in the commit lead to, if it is in the repository: a check
// refuses others.
func (s *scan) follow(objects *git.Objects) error {
	s.linked = map[string]bool{}
	for i := 0; i < len(s.paths); i++ { // paths grows
		links, err := objects.Links(s.commit, s.paths[i])
		if err != nil {
			return err
		}
		for _, link := range slices.Sorted(maps.Keys(links)) {
			to := path.Join(path.Dir(link), filepath.ToSlash(links[link]))
			if path.IsAbs(links[link]) || !filepath.IsLocal(to) {
				continue
			}
			s.linked[to] = s.linked[to] || renderedByDBT(link)
			s.add(to)
		}
	}
	return nil
}

// add adds a path, unless another contains it.
func (s *scan) add(name string) {
	if name == "." {
		name = ""
	}
	if !slices.ContainsFunc(s.paths, func(had string) bool { return within(name, had) }) {
		s.paths = append(s.paths, name)
	}
}

// sourcePaths returns the project's directory, and directories outside of it that have
// its source files.
func (b *build) sourcePaths() []string {
	s := scan{paths: []string{b.Project}}
	for _, source := range b.sources() {
		if at := path.Join(b.Project, source); !path.IsAbs(source) && filepath.IsLocal(at) {
			s.add(at)
		}
	}
	return s.paths
}

// renderedByDBT reports whether dbt evaluates Jinja in a file of that name.
func renderedByDBT(file string) bool {
	return slices.Contains([]string{".sql", ".yml", ".yaml", ".md", ".jinja", ".jinja2", ".j2"}, strings.ToLower(path.Ext(file)))
}

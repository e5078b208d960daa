package steps

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"dot-for-dbt/internal/dbt/profile"
	"dot-for-dbt/internal/git"
	"dot-for-dbt/internal/lazy"
)

// The worktree of a project in a subdirectory has only the directories that a build may read: the
// project, its local packages, and directories of source files that it names. A wrong build is worse
// than a full disk. So the worktree is whole if anything could lead out of these directories: a
// symbolic link, a path with "..", a path that dot can't evaluate, a submodule.

// A footprint is what a build reads of its commit.
type footprint struct {
	Dirs []string // empty: everything may be read
	Why  string   // everything may be read
}

func everything(format string, args ...any) footprint {
	return footprint{Why: fmt.Sprintf(format, args...)}
}

// cone returns the directories that the worktree of a job needs, and why it needs all of them.
func (p *planner) cone(ctx context.Context, job *job) (git.Cone, string, error) {
	b := job.build
	if b.Project == "" {
		return nil, "", nil
	}
	if set := job.env.Dot.Sparse; set != nil && !*set {
		return nil, "sparse: false", nil
	}
	if why := p.leadsOut(job); why != "" {
		return nil, why, nil
	}
	read, err := p.footprint(ctx, b)
	if err != nil || len(read.Dirs) == 0 {
		return nil, read.Why, err
	}
	cone, ok := git.NewCone(read.Dirs...)
	if !ok {
		return nil, "a directory's name has characters with a meaning for git", nil
	}
	return cone, "", nil
}

// need notes what the worktree of a job has to have, beside what other jobs on the commit need.
func (p *planner) need(ctx context.Context, job *job) error {
	cone, why, err := p.cone(ctx, job)
	if err != nil {
		return fmt.Errorf("look for what %s reads: %w", job.build, err)
	}
	if why != "" {
		p.program.detail(fmt.Sprintf("the worktree of %s has all files of the repository: %s", job.build.Commit.Short, why))
	}
	if had, ok := p.cones[job.build.Commit.Short]; ok {
		cone = had.Plus(cone)
	}
	p.cones[job.build.Commit.Short] = cone
	return nil
}

// leadsOut says which text of the user's, outside of the commit, has a path that may lead out of the
// project.
func (p *planner) leadsOut(job *job) string {
	b := job.build
	if goesUp(string(b.profile)) {
		return "the profile has a path with .."
	}
	for _, o := range job.AllOptions() {
		if slices.ContainsFunc(o.Values, goesUp) {
			return "--" + o.Flag + " has a path with .."
		}
	}
	if slices.ContainsFunc(job.Positional, goesUp) {
		return "an argument has a path with .."
	}
	for _, name := range job.reads.Names {
		if value, ok := b.world.Getenv(name); ok && goesUp(value) {
			return "the environment variable " + name + " has a path with .."
		}
	}
	return ""
}

// upward matches ".." as a part of a path, also at the end of a string: '..' ~ '/data'.
var upward = lazy.Regexp(`(^|[^.\w])\.\.([/\\'"\s,)\]}]|$)`)

func goesUp(text string) bool { return strings.Contains(text, "..") && upward().MatchString(text) }

// pythonUpward matches the ways of Python to reach another directory.
var pythonUpward = lazy.Regexp(`pardir|dirname|parent|__file__|getcwd|\bcwd\b|chdir|subprocess`)

// footprint returns what a build reads, by the files of its commit. The workspace's memo keeps it.
func (p *planner) footprint(ctx context.Context, b *build) (footprint, error) {
	id := fmt.Sprintf("footprint 1 %s %q %q", b.commit.Hash, b.Project, p.sources(b))
	var read footprint
	if text, ok := p.program.memo.Lookup(id); ok && json.Unmarshal([]byte(text), &read) == nil {
		return read, nil
	}
	s := dirSearch{planner: p, build: b, hash: b.commit.Hash}
	read, err := s.survey(ctx)
	if err != nil {
		return read, err
	}
	data, err := json.Marshal(read)
	if err != nil {
		return read, err
	}
	return read, p.program.memo.Save(id, string(data))
}

// A dirSearch finds the directories that a build reads.
type dirSearch struct {
	*planner
	build *build
	hash  string
	dirs  []string
	// named are the paths with ".." that lead to dirs, as dbt's files have them.
	named []string
}

func (s *dirSearch) survey(ctx context.Context) (footprint, error) {
	project := s.build.Project
	s.dirs = []string{project}
	if found, err := s.objects.Files(s.hash, "", ".gitmodules"); err != nil || len(found) > 0 {
		return everything("it has submodules"), err
	}
	scope := profile.Scope{Env: s.build.world.Getenv, Vars: s.build.env.Vars}
	for _, source := range s.build.project.Sources() {
		rendered, err := scope.Render(source)
		if err != nil {
			return everything("dot can't evaluate the path %s", source), nil
		}
		if at := path.Join(project, filepath.ToSlash(rendered)); !within(at, project) {
			s.named = append(s.named, source)
			if ok, err := s.add(at); err != nil || !ok {
				return everything("%s isn't a directory of the repository", source), err
			}
		}
	}
	if why, err := s.packages(); err != nil || why != "" {
		return everything("%s", why), err
	}
	if slices.Contains(s.dirs, ".") {
		return everything("the project's files are in the top directory, too"), nil
	}
	for _, find := range []func(context.Context) (string, error){s.links, s.upward, s.python} {
		if why, err := find(ctx); err != nil || why != "" {
			return everything("%s", why), err
		}
	}
	return footprint{Dirs: s.dirs}, nil
}

// add adds a directory. ok is false if it isn't one of the commit, or if a link leads to it.
func (s *dirSearch) add(dir string) (ok bool, err error) {
	switch {
	case dir == "." || slices.Contains(s.dirs, dir):
	case path.IsAbs(dir) || dir == ".." || strings.HasPrefix(dir, "../"):
		return false, nil
	default:
		if _, err := s.objects.ID(s.hash + ":" + dir + "/"); err != nil { // git follows no link
			if errors.Is(err, fs.ErrNotExist) {
				err = nil
			}
			return false, err
		}
	}
	if !slices.Contains(s.dirs, dir) {
		s.dirs = append(s.dirs, dir)
	}
	return true, nil
}

// packages adds the local packages, and theirs. dbt 1 looks for the packages of a package from the
// project's directory; both that and the package's own are added.
func (s *dirSearch) packages() (why string, err error) {
	project := s.build.Project
	for i := 0; i < len(s.dirs); i++ { // grows
		for _, name := range []string{"packages.yml", "dependencies.yml"} {
			file := path.Join(s.dirs[i], name)
			data, err := s.objects.ReadFile(s.hash, file)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				return "", err
			}
			asked, err := profile.ParsePackages(file, data)
			if err != nil {
				return "dot can't read " + file, nil // dbt says what is wrong there
			}
			for _, a := range asked {
				if a.Local == "" {
					continue
				}
				found := false
				for _, from := range []string{project, s.dirs[i]} {
					ok, err := s.add(path.Join(from, filepath.ToSlash(a.Local)))
					if err != nil {
						return "", err
					}
					found = found || ok
				}
				if !found {
					return fmt.Sprintf("the local package %s in %s isn't a directory of the repository", a.Local, file), nil
				}
				s.named = append(s.named, a.Local)
			}
		}
	}
	return "", nil
}

// links looks for symbolic links that lead out of the directories.
func (s *dirSearch) links(context.Context) (why string, err error) {
	for _, dir := range s.dirs {
		links, err := s.objects.Links(s.hash, dir)
		if err != nil {
			return "", err
		}
		for _, link := range slices.Sorted(maps.Keys(links)) {
			target := filepath.ToSlash(links[link])
			rest := target
			for strings.HasPrefix(rest, "../") {
				rest = rest[len("../"):]
			}
			to := path.Join(path.Dir(link), target)
			in := slices.ContainsFunc(s.dirs, func(dir string) bool { return within(to, dir) })
			if path.IsAbs(target) || !in || slices.Contains(strings.Split(rest, "/"), "..") {
				return fmt.Sprintf("the symbolic link %s leads to %s", link, links[link]), nil
			}
		}
	}
	return "", nil
}

// upward looks for paths with ".." in files that dbt reads, but for those of the directories themselves.
func (s *dirSearch) upward(ctx context.Context) (why string, err error) {
	var known *regexp.Regexp
	if len(s.named) > 0 {
		quoted := make([]string, len(s.named))
		for i, name := range s.named {
			quoted[i] = regexp.QuoteMeta(strings.TrimSuffix(name, "/"))
		}
		known = regexp.MustCompile(`(?m)(^|["'\s\[,:])(?:` + strings.Join(quoted, "|") + `)/?(["'\s,\]}]|$)`)
	}
	return s.search(ctx, "..", func(file string, text []byte) bool {
		if base := path.Base(file); known != nil && slices.Contains([]string{"dbt_project.yml", "packages.yml", "dependencies.yml"}, base) {
			text = known.ReplaceAll(text, []byte("$1$2"))
		}
		return path.Ext(file) != ".md" && (readByDBT(file) || path.Base(file) == ".env") && goesUp(string(text))
	})
}

// python looks for Python models that may find their way to other directories.
func (s *dirSearch) python(ctx context.Context) (why string, err error) {
	return s.search(ctx, "import", func(file string, text []byte) bool {
		return path.Ext(file) == ".py" && pythonUpward().Match(text)
	})
}

// search looks for a file in the directories that has a word, and that out finds to lead elsewhere.
func (s *dirSearch) search(ctx context.Context, word string, out func(file string, text []byte) bool) (why string, err error) {
	found, err := s.repo.Grep(ctx, []string{s.hash}, s.dirs, word)
	if err != nil {
		return "", err
	}
	for _, file := range found[s.hash] {
		if !readByDBT(file) && path.Base(file) != ".env" {
			continue
		}
		text, err := s.objects.Read(s.hash + ":" + file)
		if err != nil {
			return "", err
		}
		if out(file, text) {
			return file + " may lead to other directories", nil
		}
	}
	return "", nil
}

// onlyDirs says which directories a worktree has, "" for all.
func onlyDirs(cone git.Cone) string {
	if len(cone) == 0 {
		return ""
	}
	dirs := make([]string, len(cone))
	for i, dir := range cone {
		dirs[i] = dir + "/"
	}
	return "only " + strings.Join(dirs, ", ")
}

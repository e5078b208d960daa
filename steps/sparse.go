package steps

import (
	"context"
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

func everything(why string) footprint { return footprint{Why: why} }

// cone returns the directories that the worktree of a job needs, and why it needs all of them.
func (f *footprints) cone(job *job) (git.Cone, string) {
	if job.build.Project == "" {
		return nil, ""
	}
	if job.wantsWhole() {
		return nil, "sparse: false"
	}
	if why := f.leadsOut(job); why != "" {
		return nil, why
	}
	read := f.known.footprints[f.footprintID(job.build)]
	cone, ok := git.NewCone(read.Dirs...)
	if !ok {
		return nil, "a directory's name has characters with a meaning for git"
	}
	return cone, read.Why
}

// wantsWhole reports whether the environment wants worktrees with all files.
func (job *job) wantsWhole() bool { return job.env.Dot.Sparse != nil && !*job.env.Dot.Sparse }

// need notes what the worktree of a job has to have, beside what other jobs on the commit need.
func (f *footprints) need(job *job) {
	cone, why := f.cone(job)
	if why != "" {
		f.program.detail(fmt.Sprintf("the worktree of %s has all files of the repository: %s", job.build.Commit.Short, why))
	}
	if had, ok := f.trees.cones[job.build.Commit.Short]; ok {
		cone = had.Plus(cone)
	}
	f.trees.cones[job.build.Commit.Short] = cone
}

// leadsOut says which text of the user's, outside of the commit, has a path that may lead out of the
// project.
func (f *footprints) leadsOut(job *job) string {
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
	if len(job.reads.Computed) > 0 {
		return job.reads.Computed[0] + " may read any environment variable"
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

// footprintID names a build's footprint in the workspace's memo.
func (f *footprints) footprintID(b *build) string {
	return fmt.Sprintf("footprint 1 %s %q %q", b.commit.Hash, b.Project, b.sources())
}

// findFootprints finds what the builds of jobs read, unless their projects are at the top of the
// repository. The workspace's memo keeps it. One git grep searches all new commits, unless they have
// different directories.
func (f *footprints) findFootprints(ctx context.Context, jobs []*job) error {
	f.known.footprints = map[string]footprint{}
	groups := map[string][]*dirSearch{} // by their directories
	for _, job := range jobs {
		if job.build == nil || job.build.Project == "" || job.wantsWhole() {
			continue
		}
		id := f.footprintID(job.build)
		if _, ok := f.known.footprints[id]; ok {
			continue
		}
		var read footprint
		if !f.program.memo.read(id, &read) {
			s := &dirSearch{contents: f.contents, build: job.build, hash: job.build.commit.Hash, id: id}
			why, err := s.directories()
			if err != nil {
				return fmt.Errorf("look for what %s reads: %w", job.build, err)
			}
			if read = everything(why); why == "" {
				by := fmt.Sprintf("%q", s.dirs)
				groups[by] = append(groups[by], s)
			} else if err := f.program.memo.keep(id, read); err != nil {
				return err
			}
		}
		f.known.footprints[id] = read
	}
	for _, group := range groups {
		if err := f.searchGroup(ctx, group); err != nil {
			return fmt.Errorf("look for what builds read: %w", err)
		}
	}
	return nil
}

// searchGroup finds the footprints of builds that have the same directories.
func (f *footprints) searchGroup(ctx context.Context, group []*dirSearch) error {
	commits := make([]string, len(group))
	for i, s := range group {
		commits[i] = s.hash
	}
	files, err := f.repo.Grep(ctx, commits, group[0].dirs, "..", "import")
	if err != nil {
		return err
	}
	for _, s := range group {
		why, err := s.leadsElsewhere(files[s.hash])
		if err != nil {
			return err
		}
		read := everything(why)
		if why == "" {
			read = footprint{Dirs: s.dirs}
		}
		if err := f.program.memo.keep(s.id, read); err != nil {
			return err
		}
		f.known.footprints[s.id] = read
	}
	return nil
}

// A dirSearch finds the directories that a build reads.
type dirSearch struct {
	*contents
	build    *build
	hash, id string
	dirs     []string
	// named are the paths with ".." that lead to dirs, as dbt's files have them.
	named []string
}

// directories finds the directories that the project names. why says what leads elsewhere, "" for nothing.
func (s *dirSearch) directories() (why string, err error) {
	project := s.build.Project
	s.dirs = []string{project}
	if found, err := s.objects.Files(s.hash, "", ".gitmodules"); err != nil || len(found) > 0 {
		return "it has submodules", err
	}
	scope := profile.Scope{Env: s.build.world.Getenv, Vars: s.build.env.Vars}
	for _, source := range s.build.project.Sources() {
		rendered, err := scope.Render(source)
		if err != nil {
			return "dot can't evaluate the path " + source, nil
		}
		if at := path.Join(project, filepath.ToSlash(rendered)); !within(at, project) {
			s.named = append(s.named, source)
			if ok, err := s.add(at); err != nil || !ok {
				return source + " isn't a directory of the repository", err
			}
		}
	}
	if why, err := s.packages(); err != nil || why != "" {
		return why, err
	}
	if slices.Contains(s.dirs, ".") {
		return "the project's files are in the top directory, too", nil
	}
	return s.links()
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
func (s *dirSearch) links() (why string, err error) {
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

// namesDirs are the files that name directories beside the project's.
var namesDirs = []string{"dbt_project.yml", "packages.yml", "dependencies.yml"}

// leadsUp reports whether a file that dbt reads has a path with "..". own matches those of the
// directories themselves; it is nil if there are none.
func leadsUp(file string, text []byte, own *regexp.Regexp) bool {
	if own != nil && slices.Contains(namesDirs, path.Base(file)) {
		text = own.ReplaceAll(text, []byte("$1$2"))
	}
	return path.Ext(file) != ".md" && goesUp(string(text))
}

// ownPaths returns what matches the paths with ".." that lead to the directories, nil if there are none.
func (s *dirSearch) ownPaths() *regexp.Regexp {
	if len(s.named) == 0 {
		return nil
	}
	quoted := make([]string, len(s.named))
	for i, name := range s.named {
		quoted[i] = regexp.QuoteMeta(strings.TrimSuffix(name, "/"))
	}
	return regexp.MustCompile(`(?m)(^|["'\s\[,:])(?:` + strings.Join(quoted, "|") + `)/?(["'\s,\]}]|$)`)
}

// searchesByItself reports whether a file is a Python model that may find its way to other directories.
func searchesByItself(file string, text []byte) bool {
	return path.Ext(file) == ".py" && pythonUpward().Match(text)
}

// leadsElsewhere names the first of the files that dbt reads and that may lead to other directories; ""
// for none.
func (s *dirSearch) leadsElsewhere(files []string) (why string, err error) {
	own := s.ownPaths()
	for _, file := range files {
		if !readByDBT(file) && path.Base(file) != ".env" {
			continue
		}
		text, err := s.objects.Read(s.hash + ":" + file)
		if err != nil {
			return "", err
		}
		if leadsUp(file, text, own) || searchesByItself(file, text) {
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

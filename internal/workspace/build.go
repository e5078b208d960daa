package workspace

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"dot-for-dbt/internal/lazy"
	"dot-for-dbt/internal/smallfile"
)

// minShort is the shortest abbreviation of a hash that git accepts
// (core.abbrev, git-config(1)).
const minShort = 4

// A Commit is the directory of one commit in the workspace.
type Commit struct {
	// Hash is the full hash; Short is the abbreviation that the directory and
	// the schemas of its builds are named after.
	Hash, Short string
	w           *Workspace
}

// fullHash is what a commit file holds: SHA-1 or SHA-256.
var fullHash = lazy.Regexp(`^([0-9a-f]{40}|[0-9a-f]{64})$`)

// owner returns the hash in a directory's commit file, "" if there is none. A
// damaged file counts as none: it is written again, and the worktree beside it
// still belongs to the right commit.
func (w *Workspace) owner(short string) (string, error) {
	if w.isBare(short) {
		return "", nil
	}
	text, err := smallfile.Read(w.file("build", short, "commit"))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	hash := strings.TrimSpace(string(text))
	if !fullHash().MatchString(hash) {
		hash = ""
	}
	return hash, err
}

// Commits returns the commits that have a directory in the workspace, sorted by
// name.
func (w *Workspace) Commits() ([]Commit, error) {
	entries, err := os.ReadDir(w.file("build"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var commits []Commit
	for _, entry := range entries {
		hash, err := w.owner(entry.Name())
		if err != nil {
			return nil, err
		}
		if hash != "" {
			commits = append(commits, Commit{Hash: hash, Short: entry.Name(), w: w})
		}
	}
	return commits, nil
}

// variantMark is between a commit's abbreviation and a variant's name: 24256d1.to.
const variantMark = "."

// For returns the directory of a variant of the commit's builds. No other commit has its name.
func (c Commit) For(variant string) Commit {
	c.Short += variantMark + variant
	return c
}

// Variant returns the variant that the directory is for, "" for the commit's own.
func (c Commit) Variant() string {
	_, variant, _ := strings.Cut(c.Short, variantMark)
	return variant
}

// Dir returns the commit's directory.
func (c Commit) Dir() string { return c.w.file("build", c.Short) }

// Worktree returns the path of the commit's git worktree.
func (c Commit) Worktree() string { return filepath.Join(c.Dir(), "worktree") }

// File returns the path of the file that holds the full hash, and what it
// holds.
func (c Commit) File() (name, text string) {
	return filepath.Join(c.Dir(), "commit"), c.Hash + "\n"
}

// Record names a record of the commit as a whole.
func (c Commit) Record(step string) string {
	return path.Join("build", c.Short, "records", step)
}

// ProjectRecord names a record of one project of the commit; project is its
// path below the repository's root, with slashes, "" at the root.
func (c Commit) ProjectRecord(project, step string) string {
	return path.Join(c.project(project), "records", step)
}

func (c Commit) project(project string) string {
	if project == "" {
		return path.Join("build", c.Short)
	}
	return path.Join("build", c.Short, "projects", project)
}

// Build returns the build of a project of the commit in an environment.
func (c Commit) Build(project, env string) Build {
	return Build{Commit: c, Project: project, Env: env}
}

// TaggedBuild returns the directory of a build that version 0.5 of the Python tool made for an
// annotated tag; "" if there is none. That version names it after the hash of the tag itself.
func (w *Workspace) TaggedBuild(tag, env string) string {
	if tag == "" {
		return ""
	}
	dirs, err := os.ReadDir(w.file("build"))
	if err != nil {
		return ""
	}
	for _, d := range dirs {
		if len(d.Name()) < 4 || !strings.HasPrefix(tag, d.Name()) {
			continue
		}
		if _, err := os.Stat(w.file("build", d.Name(), "env", env, "target", "manifest.json")); err == nil {
			return w.file("build", d.Name())
		}
	}
	return ""
}

// A Build is one environment of one project at one commit.
type Build struct {
	Commit  Commit
	Project string // below the repository's root, with slashes; "" at the root
	Env     string
	// Tree is set for a build of a working tree, in the schema that all builds of that
	// working tree share: the working tree's name.
	Tree string
	// Origin is set for a build that dbt made elsewhere, so that dot has only its artifacts: the name
	// that it has for the user. Its commit has no directory, and has a Hash only if the user named it.
	Origin string
}

// Elsewhere returns the build that was made elsewhere and is called origin. hash is that of its commit,
// "" if that isn't known.
func (w *Workspace) Elsewhere(project, env, origin, hash string) Build {
	return Build{Commit: Commit{Hash: hash, w: w}, Project: project, Env: env, Origin: origin}
}

// String returns the build's display name: dev@9b13827.
func (b Build) String() string {
	if b.Origin != "" {
		return b.Origin
	}
	return b.Env + "@" + b.Commit.Short
}

// TreeMark is between a build's name and its working tree's: dev@9b13827+wt_1a2b3c4.
const TreeMark = "+"

// ID names the build in ledgers. It includes the project, since a repository may
// have several, and the working tree.
func (b Build) ID() string {
	id := b.String()
	if b.Tree != "" {
		id += TreeMark + b.Tree
	}
	if b.Project == "" {
		return id
	}
	return b.Project + ":" + id
}

// Shares reports whether an ID is that of a build with the same schemas: of the build itself or, in a
// working tree, of one of other files.
func (b Build) Shares(id string) bool {
	if b.Tree == "" || id == b.ID() {
		return id == b.ID()
	}
	prefix, _ := strings.CutSuffix(b.ID(), b.Commit.Short+TreeMark+b.Tree)
	rest, ok := strings.CutPrefix(id, prefix)
	short, tree, _ := strings.Cut(rest, TreeMark)
	return ok && tree == b.Tree && !strings.Contains(short, "@")
}

// envName is the name of the build's directory. No environment's name holds a tilde.
func (b Build) envName() string {
	if b.Tree != "" {
		return b.Env + "~" + b.Tree
	}
	return b.Env
}

func (b Build) dir() string {
	if b.Origin != "" {
		return path.Join("baseline", digestOf(b.Project, b.Env, b.Origin))
	}
	return path.Join(b.Commit.project(b.Project), "env", b.envName())
}

// Dir returns the build's directory: dbt's --profiles-dir.
func (b Build) Dir() string { return b.Commit.w.file(filepath.FromSlash(b.dir())) }

// FilesDir returns the directory below which the build's external models write their files. All builds of
// a working tree have the same one, as they have the same schema.
func (b Build) FilesDir() string {
	if b.Tree == "" {
		return b.Dir()
	}
	return b.Commit.w.file("files", filepath.FromSlash(b.Project), b.envName())
}

// Profiles returns the path of the build's profiles.yml.
func (b Build) Profiles() string { return filepath.Join(b.Dir(), "profiles.yml") }

// Target returns dbt's --target-path.
func (b Build) Target() string { return filepath.Join(b.Dir(), "target") }

// Logs returns dbt's --log-path.
func (b Build) Logs() string { return filepath.Join(b.Dir(), "logs") }

// ProjectDir returns the project in the commit's worktree.
func (b Build) ProjectDir() string {
	return filepath.Join(b.Commit.Worktree(), filepath.FromSlash(b.Project))
}

// Record names a record of the build.
func (b Build) Record(step string) string { return path.Join(b.dir(), "records", step) }

// State returns the directory with copies of the artifacts of the last run that
// wrote nodes. Builds that defer to this one pass it as dbt's --state. The
// artifacts in Target can't serve: commands that build nothing overwrite them.
//
// Each place has its own directory: with another --target, the same build has
// other relations, and a manifest names the relations.
func (b Build) State(p Place) string { return filepath.Join(b.Dir(), "state", p.ID()) }

// Question returns the directory of the dbt project that asks the warehouse.
func (b Build) Question() string { return filepath.Join(b.Dir(), "question") }

// Comparison returns the directory for the comparison of this build with a
// candidate.
func (b Build) Comparison(candidate Build) string {
	return b.Commit.w.file("compare", filepath.FromSlash(b.Project), b.file()+".."+candidate.file())
}

// file is a name for files about the build.
func (b Build) file() string {
	if b.Origin != "" {
		return path.Base(b.dir())
	}
	if b.Tree != "" {
		return b.String() + "-" + b.Tree
	}
	return b.String()
}

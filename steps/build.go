package steps

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"dot-for-dbt/config"
	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt/adapter"
	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/dbt/profile"
	"dot-for-dbt/internal/git"
	"dot-for-dbt/internal/workspace"
	"dot-for-dbt/spec"
)

// A build is the build of a spec with a ref. It is immutable.
type build struct {
	workspace.Build
	commit  git.Commit
	env     config.Environment
	project profile.Project // at the commit
	output  *profile.Output
	variant *Variant        // nil for the spec's own build
	suffix  string          // of the schema
	schema  string          // with the suffix, as in the profile
	profile []byte          // the text of its profiles.yml
	place   workspace.Place // its schema in the warehouse
	duckdb  string          // the path of its DuckDB file, "" for none
	secret  secretNames
	workDir string // the base of relative paths in its profile
	// moves is set if dbt may run in another directory than workDir.
	moves bool
	// external is the local directory for the files of external models, "" for none.
	external string
	// envSchemas are the environments' own schemas, see searchpath.go.
	envSchemas []envSchema
	// dotEnv is the .env that its dbt loads, and world has its variables.
	dotEnv dotEnv
	world  World
	// origin is what the ledger still lacks of a build that was made elsewhere; nil for other builds.
	origin *origin
	// offered is what the team's store has of it that isn't here yet; nil for nothing.
	offered *offered
	// sought names the store that has no such build, "" if none was asked.
	sought string
}

// String returns the build's display name: dev@9b13827, or dev@. for that of the working tree. The
// names in ledgers and of layers have the commit, see [workspace.Build].
func (b *build) String() string {
	if b.isDraft() {
		name := b.Env + "@" + git.WorkingTree
		if b.variant != nil {
			name += b.variant.Name
		}
		return name
	}
	if b.Tree != "" { // files that the working tree had once
		return b.Build.String() + workspace.TreeMark + b.Tree
	}
	return b.Build.String()
}

// isDraft reports whether the build is one of the working tree: in its schema, or of files that differ
// from HEAD.
func (b *build) isDraft() bool {
	return b.commit.Draft != nil && (b.commit.Draft.Files > 0 || b.Tree != "")
}

// label is the build's display name with what it is, where that isn't known: dev@. (24256d1 + 3
// files).
func (b *build) label() string {
	if b.isDraft() {
		return fmt.Sprintf("%s (%s)", b, b.commit.Draft)
	}
	return b.String()
}

// flags are the flags without which the build's spec means another build.
func (b *build) flags() []string {
	if b.commit.Draft != nil && b.Tree == "" {
		return []string{"--own-schema"}
	}
	return nil
}

// variables are the environment variables that describe the build.
func (b *build) variables() []string {
	return []string{"DOT_ENV=" + b.Env, "DOT_COMMIT=" + b.Commit.Hash, "DOT_SCHEMA_SUFFIX=" + b.suffix}
}

// commitLock is the lock of the worktree and its packages, which all builds of a
// commit share.
func (b *build) commitLock() graph.Lock { return CommitLock(b.Commit) }

func (b *build) buildLock() graph.Lock { return BuildLock(b.Build) }

func (b *build) placeLock() graph.Lock { return lockOfPlace(b.place) }

// withLocks adds locks to others. Of several with one name it takes the first.
func withLocks(locks []graph.Lock, more ...graph.Lock) []graph.Lock {
	for _, lock := range more {
		if !slices.ContainsFunc(locks, func(had graph.Lock) bool { return had.Name == lock.Name }) {
			locks = append(locks, lock)
		}
	}
	return locks
}

// CommitLock returns the lock of a commit's worktree.
func CommitLock(c workspace.Commit) graph.Lock {
	return graph.Lock{Name: "commit-" + c.Short, What: "the worktree of " + c.Short}
}

// BuildLock returns the lock of a build: commands that change it hold it, others share it.
func BuildLock(b workspace.Build) graph.Lock {
	if b.Origin != "" {
		return graph.Lock{Name: "baseline-" + lockName(b.Project, b.Env, b.Origin), What: "baseline " + b.Origin}
	}
	names := []string{b.Commit.Short, b.Project, b.Env}
	if b.Tree != "" {
		names = append(names, b.Tree)
	}
	return graph.Lock{
		Name: "build-" + lockName(names...),
		What: "build " + b.ID(),
	}
}

func lockOfPlace(p workspace.Place) graph.Lock {
	return graph.Lock{Name: "place-" + p.ID(), What: "schema " + p.Schema}
}

// targetName returns the name of the build's output: dbt's target.name.
func (b *build) targetName() string { return cmp.Or(b.env.Dot.TargetName, b.output.Name) }

// logFile returns the path of dbt's log.
func (b *build) logFile() string { return filepath.Join(b.Logs(), "dbt.log") }

// spansName is the name of dbt 2's file of spans.
const spansName = "spans.jsonl"

// spansFile returns the path of the file of spans of the build's last run, if that was dbt 2's.
func (b *build) spansFile() string { return filepath.Join(b.Logs(), spansName) }

// logSince returns what dbt's logs tell of a run that began at an offset of the text log. isV2 is
// set if the run was dbt 2's; else there is only the Log.
func (b *build) logSince(offset int64) (spans artifact.Spans, isV2 bool) {
	if spans, isV2 = artifact.ReadSpans(b.spansFile()); !isV2 {
		spans.Log = artifact.ReadLog(b.logFile(), offset)
	}
	return spans, isV2
}

// warehouseLocks returns the locks of the place and of the DuckDB file. Commands that
// only read share the place; only one process at a time can open the file.
func (b *build) warehouseLocks(reads bool) []graph.Lock {
	place := b.placeLock()
	place.Shared = reads
	locks := []graph.Lock{place}
	if b.duckdb != "" {
		locks = append(locks, duckdbLock(b.duckdb, b.place.Database))
	}
	return locks
}

// fileGone says that the build's DuckDB file is gone; otherwise it returns "".
func (b *build) fileGone() string {
	if b.duckdb == "" {
		return ""
	}
	if _, err := os.Stat(b.duckdb); errors.Is(err, fs.ErrNotExist) {
		return "the DuckDB file is gone"
	}
	return ""
}

// duckdbLock is the lock of a DuckDB file. While a process has the file open, DuckDB
// fails in others instead of waiting. shown is the file for people.
func duckdbLock(file, shown string) graph.Lock {
	return graph.Lock{Name: "duckdb-" + lockName(file), What: "DuckDB file " + filepath.Base(shown)}
}

// resolveBuild returns the build of a spec whose ref git has resolved to commit.
// given are the command line's arguments for dbt. variant is nil for the spec's own build.
func (p *planner) resolveBuild(ctx context.Context, s spec.Spec, commit git.Commit, given arguments, variant *Variant) (*build, error) {
	b := &build{commit: commit}
	project, err := p.projectAt(commit)
	if err != nil {
		return nil, err
	}
	b.project = project
	env, err := p.environment(ctx, s, project, given, &commit)
	if err != nil {
		return nil, err
	}
	b.env, b.output, b.dotEnv, b.world = env.Environment, env.output, env.dotEnv, p.world.with(env.dotEnv.DotEnv)
	if text, err := (profile.Scope{Env: b.world.Getenv, Vars: b.env.Vars}).Render(project.PackagesPath); err == nil {
		b.project.PackagesPath = text // dbt reports Jinja that can't be evaluated
	}
	if b.Build, err = p.workspaceBuild(commit, b.env); err != nil {
		return nil, err
	}
	if b.Tree = s.Tree; commit.Draft != nil && !p.req.OwnSchema && variant == nil {
		b.Tree = p.namedTree()
	}
	b.suffix = suffix(b.env, cmp.Or(b.Tree, b.Commit.Short))
	b.as(variant)
	output := p.factsOf(b.output)
	b.moves = output.inWorktree != b.output
	if len(output.unknownPaths) > 0 {
		p.program.warn(fmt.Sprintf("output %s of profile %s: dot doesn't know whether %s is a path."+
			" dbt runs in the commit's worktree, so a relative path leads to the commit's file. For your own file, write an absolute path",
			b.output.Name, b.output.Profile, strings.Join(output.unknownPaths, ", ")))
	}
	if b.profile, err = output.inWorktree.Isolated(b.suffix, b.env.Dot.TargetName, b.FilesDir()); err != nil {
		return nil, err
	}
	b.external = b.output.ExternalDir(b.suffix, b.FilesDir())
	b.schema = output.schema + "_" + b.suffix
	b.secret = newSecretNames(output.secret, p.ws)
	b.place = workspace.Place{Adapter: output.place.Adapter, Host: output.place.Host, Database: output.place.Database}
	b.place.Schema = b.secret.schema(adapter.Of(b.place.Adapter), cmp.Or(b.secret.Schema, output.place.Schema)+"_"+b.suffix, true)
	b.duckdb, b.workDir = output.duckdb, p.project
	b.envSchemas = p.envSchemas(ctx, b, given)
	if err := p.checkSearchPath(b); err != nil {
		return nil, err
	}
	return b, output.duckdbErr
}

// workspaceBuild returns the directory of the environment's build of a commit.
func (p *planner) workspaceBuild(commit git.Commit, env config.Environment) (workspace.Build, error) {
	short := cmp.Or(p.shorts[commit.Hash], commit.Short)
	if n := env.Dot.Short; n > 0 && n <= len(commit.Hash) {
		short = commit.Hash[:n]
	}
	dir, err := p.known.commits.get(fmt.Sprint(commit.Hash, short, env.Dot.Short > 0), func() (workspace.Commit, error) {
		return p.commits.Commit(commit.Hash, short, env.Dot.Short > 0)
	})
	if err != nil {
		return workspace.Build{}, err
	}
	return dir.Build(p.prefix, env.Name), nil
}

// suffix returns the suffix of the build's schemas.
func suffix(env config.Environment, short string) string {
	if env.Dot.SchemaSuffix == "" {
		return short
	}
	return strings.ReplaceAll(strings.ReplaceAll(env.Dot.SchemaSuffix, "{short}", short), "{env}", env.Name)
}

// projectAt reads the project at a commit from git: the worktree may not exist yet.
func (c *contents) projectAt(commit git.Commit) (profile.Project, error) {
	name := path.Join(c.prefix, "dbt_project.yml")
	id, err := c.fileAt(commit.Hash, "dbt_project.yml")
	if err != nil {
		return profile.Project{}, err
	}
	if id == "" {
		return profile.Project{}, c.notThere(commit, name)
	}
	return c.known.projects.get(id, func() (profile.Project, error) {
		text, err := c.objects.Read(id)
		if err != nil {
			return profile.Project{}, err
		}
		return profile.ParseProject(fmt.Sprintf("%s at %s", name, commit.Short), text)
	})
}

// fileAt returns git's hash of a project file at a commit, "" for a missing file.
// Most commits have the same versions of these files.
func (c *contents) fileAt(commit, name string) (string, error) {
	files, err := c.known.files.get(commit, func() (map[string]string, error) {
		return c.objects.Files(commit, c.prefix, append([]string{"dbt_project.yml"}, packageFiles...)...)
	})
	return files[name], err
}

// lockName returns the name of a lock for arbitrary texts.
func lockName(texts ...string) string {
	return digest([]byte(fmt.Sprintf("%q", texts)))[:20]
}

// digest returns a digest in hexadecimal.
func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

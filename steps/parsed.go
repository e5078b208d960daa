package steps

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/durable"
	"dot-for-dbt/internal/git"
)

// reuseParse spares dbt a full parse in a round. dbt gets what it has parsed of the files of the build before.
// It compares the files' digests, the vars, the target and its own version, and parses what differs. If only
// the code of models differs, the result is that of a full parse. Otherwise, or if anything is wrong here, dbt
// gets nothing, and parses all files.
func (a *checkIsolation) reuseParse(ctx context.Context) {
	b := a.job.build
	parsed := filepath.Join(b.Target(), artifact.ParsedFile)
	// Only in rounds: dbt doesn't repeat the warnings of files that it doesn't parse, and earlier rounds had them.
	if a.world.Launcher == nil || !a.job.inPlace() || a.job.tool.V2() || a.job.WarnsAsErrors() {
		return
	}
	if _, err := os.Lstat(parsed); err == nil {
		return
	}
	from, state := a.buildBefore(a.job)
	if state == "" || from.Commit.Hash == b.Commit.Hash {
		return
	}
	changed, err := a.repo.Changed(ctx, from.Commit.Hash, b.Commit.Hash)
	if err != nil {
		return
	}
	project, err := readGraph(filepath.Join(state, "manifest.json"))
	if err != nil {
		return
	}
	if slices.ContainsFunc(changed, func(f git.Differing) bool { return !isModel(project, b.project.Name, b.Project, f) }) {
		return
	}
	// Any value of the profile may be in what was parsed. Those that lead to the build's own directory are not
	// the same; MoveParsed finds them.
	here, there := from.Commit.Dir(), b.Commit.Dir()
	profile, err := os.ReadFile(from.Profiles())
	if err != nil || !bytes.Equal(bytes.ReplaceAll(profile, []byte(here), []byte(there)), b.profile) {
		return
	}
	text, err := os.ReadFile(filepath.Join(from.Target(), artifact.ParsedFile))
	if err != nil {
		return
	}
	if moved, ok := artifact.MoveParsed(text, here, there); ok {
		_ = durable.Write(parsed, moved, 0o600)
	}
}

// isModel reports whether a file that differs has the code of an active model of the project, and no
// more than that.
func isModel(project artifact.Graph, name, dir string, f git.Differing) bool {
	file, err := filepath.Rel(filepath.FromSlash(dir), filepath.FromSlash(f.Path))
	if err != nil || f.Submodule || !slices.Contains([]string{".sql", ".py"}, filepath.Ext(file)) {
		return false
	}
	defined := project.InFile(name, filepath.ToSlash(file))
	return len(defined) > 0 && !slices.ContainsFunc(defined, func(id string) bool { return !strings.HasPrefix(id, "model.") })
}

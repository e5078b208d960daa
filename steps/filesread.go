package steps

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"dot-for-dbt/compare/code"
	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/lazy"
	"dot-for-dbt/internal/text"
	"dot-for-dbt/internal/workspace"
)

// Models read files by the paths in their SQL. A path that leads out of the worktree leads
// all builds to one file, whose changes dot doesn't see. If dbt can't run in the worktree,
// a relative path leads to the working tree, which may have another file than the commit.

// dataReads are the data files that nodes name.
type dataReads struct {
	outside []string // lines of those out of the worktree
	// within are the relative paths that stay in it, each with a node that has it.
	within map[string]string
	// names are what may select the nodes of the manifest; see names.go.
	names nodeNames
}

// findDataReads finds the data files that a build's nodes name: in their own code, in the
// macros that they call, and in the configuration of their sources.
func findDataReads(b *build, writes []artifact.Node) (dataReads, error) {
	nodes, macros := map[string]artifact.NodeCode{}, map[string]artifact.Macro{}
	manifest := filepath.Join(b.Target(), "manifest.json")
	f, err := os.Open(manifest)
	if err != nil {
		return dataReads{}, err
	}
	defer f.Close()                // only read from
	names := map[string][]string{} // the paths in a node or macro
	found := dataReads{within: map[string]string{}, names: nodeNames{}}
	_, err = artifact.ReadManifestCode(manifest, f, func(n artifact.NodeCode) error {
		text := fmt.Sprintf("%s\n%s\n%s\n%s", n.RawCode, n.Config, n.Meta, n.SourceMeta)
		if n.CompiledCode != nil { // after a run
			text += "\n" + *n.CompiledCode
		}
		if named := code.DataFiles(text); len(named) > 0 {
			names[n.UniqueID] = named
		}
		found.names.add(n, b.project.Name)
		nodes[n.UniqueID] = artifact.NodeCode{ResourceType: n.ResourceType, DependsOn: n.DependsOn}
		return nil
	}, func(m artifact.Macro) error {
		if named := code.DataFiles(m.SQL); len(named) > 0 {
			names[m.UniqueID] = named
		}
		m.SQL = ""
		macros[m.UniqueID] = m
		return nil
	})
	if err != nil || len(names) == 0 {
		return found, err
	}
	for _, n := range writes {
		ids := []string{n.UniqueID}
		for _, id := range nodes[n.UniqueID].DependsOn.Nodes {
			if nodes[id].ResourceType == "source" {
				ids = append(ids, id)
			}
		}
		ids = append(ids, nodes[n.UniqueID].DependsOn.Macros...)
		seen := map[string]bool{}
		for i := 0; i < len(ids); i++ { // grows
			if id := ids[i]; !seen[id] {
				seen[id] = true
				found.add(b, n.UniqueID, names[id])
				ids = append(ids, macros[id].DependsOn.Macros...)
			}
		}
	}
	slices.Sort(found.outside)
	found.outside = slices.Compact(found.outside)
	return found, nil
}

// add sorts the paths that a node names.
func (r *dataReads) add(b *build, node string, names []string) {
	for _, name := range names {
		if code.IsAbs(name) || !filepath.IsLocal(filepath.Join(filepath.FromSlash(b.Project), filepath.FromSlash(name))) {
			r.outside = append(r.outside, node+": "+name)
		} else {
			r.within[name] = node
		}
	}
}

// warnings returns the warning of files outside of the worktree.
func (r dataReads) warnings() []string {
	if len(r.outside) == 0 {
		return nil
	}
	return []string{"these files are outside of the commit: all builds read the same file, and dot doesn't notice its changes" +
		" (relative paths start in the worktree; shown once, until this list changes):" + lines(r.outside)}
}

// checkDataReads refuses a job whose dbt runs in the working tree and would read another
// file there than the commit's.
func (rt *runtime) checkDataReads(job *job, reads dataReads) error {
	b := job.build
	if rt.workDir(job) != rt.project || rt.project == b.ProjectDir() {
		return nil
	}
	var others []string
	for name, node := range reads.within {
		same, err := sameData(rt.project, b.ProjectDir(), name)
		if err != nil {
			return fmt.Errorf("look for the files that %s reads: %w", b, err)
		}
		if !same {
			others = append(others, node+": "+name)
		}
	}
	if len(others) == 0 {
		return nil
	}
	slices.Sort(others)
	message := fmt.Sprintf("%s would read other files than %s has: nothing was run, because dbt runs in your project's directory, and these differ there:%s",
		b, b.Commit.Short, lines(others))
	if job.tool.Itself {
		return hint.New(message, "build a commit that has the files as they are")
	}
	return hint.New(message,
		fmt.Sprintf("name dbt's own program in place of %s, so that it runs in the worktree: `dot: {dbt: .venv/bin/dbt}` in the environment", text.ShellQuote(job.tool.Argv)),
		"or build a commit that has the files as they are")
}

// notCommitted returns advice about the files that a failed job's nodes read, if only the working
// tree has them, or if the worktree leaves them out.
func (rt *runtime) notCommitted(job *job) []string {
	b := job.build
	checked, err := rt.checked(job)
	if err != nil || rt.workDir(job) == rt.project {
		return nil
	}
	var nodes []artifact.Node
	for _, n := range checked.Nodes {
		nodes = append(nodes, artifact.Node{UniqueID: n.ID})
	}
	reads, err := findDataReads(b, nodes)
	if err != nil {
		return nil
	}
	var advice []string
	cone := rt.repo.Cone(b.Commit.Worktree())
	for _, name := range slices.Sorted(maps.Keys(reads.within)) {
		switch there := hasData(b.ProjectDir(), name); {
		case there:
		case !cone.Has(path.Join(b.Project, name)):
			advice = append(advice, fmt.Sprintf("%s reads %s, and the worktree has %s: dot: {sparse: false} in the environment checks out all files",
				workspace.NodeName(reads.within[name]), name, onlyDirs(cone)))
		case hasData(rt.project, name):
			advice = append(advice, fmt.Sprintf("%s reads %s, which is in your working tree, but not in commit %s: commit the file, and build that commit",
				workspace.NodeName(reads.within[name]), name, b.Commit.Short))
		}
	}
	return advice
}

// hasData reports whether a relative path, perhaps with wildcards, leads to a file from a
// directory.
func hasData(dir, name string) bool {
	if _, err := os.Stat(filepath.Join(dir, filepath.FromSlash(name))); err == nil {
		return true
	}
	dirs, pattern := globOf(name, dir)
	found, err := fs.Glob(os.DirFS(dirs[0]), pattern)
	return err == nil && len(found) > 0
}

// globOf returns a relative path as a pattern for fs.Glob, and the directories in which it starts: an
// fs.FS has no parent.
func globOf(name string, dirs ...string) (from []string, pattern string) {
	pattern = path.Clean(placeholder().ReplaceAllString(name, "*"))
	for strings.HasPrefix(pattern, "../") {
		pattern = strings.TrimPrefix(pattern, "../")
		for i, dir := range dirs {
			dirs[i] = filepath.Dir(dir)
		}
	}
	return dirs, pattern
}

// placeholder matches a name in braces that Python or dbt-duckdb fills in.
var placeholder = lazy.Regexp(`\{[^}]*\}`)

// sameData reports whether a relative path, perhaps with wildcards, leads to equal files from
// two directories. If it can't tell, the answer is no.
func sameData(a, b, name string) (bool, error) {
	plainA, plainB := filepath.Join(a, filepath.FromSlash(name)), filepath.Join(b, filepath.FromSlash(name))
	_, errA := os.Stat(plainA)
	_, errB := os.Stat(plainB)
	switch { // also a name with brackets
	case errA == nil && errB == nil:
		return equalFiles(plainA, plainB)
	case errA == nil || errB == nil:
		return false, nil
	}
	dirs, pattern := globOf(name, a, b)
	a, b = dirs[0], dirs[1]
	if strings.Contains(pattern, "**") {
		return false, nil
	}
	inA, errA := fs.Glob(os.DirFS(a), pattern)
	inB, errB := fs.Glob(os.DirFS(b), pattern)
	if errA != nil || errB != nil || !slices.Equal(inA, inB) {
		return false, nil
	}
	for _, file := range inA {
		if same, err := equalFiles(filepath.Join(a, filepath.FromSlash(file)), filepath.Join(b, filepath.FromSlash(file))); err != nil || !same {
			return false, err
		}
	}
	return true, nil
}

// equalFiles reports whether two files have the same content.
func equalFiles(a, b string) (bool, error) {
	var files [2]*os.File
	var infos [2]fs.FileInfo
	for i, name := range []string{a, b} {
		f, err := os.Open(name)
		if err != nil {
			return false, err
		}
		defer f.Close() // only read from
		files[i] = f
		if infos[i], err = f.Stat(); err != nil {
			return false, err
		}
	}
	if !infos[0].Mode().IsRegular() || !infos[1].Mode().IsRegular() || infos[0].Size() != infos[1].Size() {
		return infos[0].IsDir() && infos[1].IsDir(), nil
	}
	const block = 1 << 16
	var data [2][block]byte
	for {
		n, errA := io.ReadFull(files[0], data[0][:])
		m, errB := io.ReadFull(files[1], data[1][:])
		switch end := errors.Is(errA, io.EOF) || errors.Is(errA, io.ErrUnexpectedEOF); {
		case !bytes.Equal(data[0][:n], data[1][:m]):
			return false, nil
		case end:
			return true, nil
		case errA != nil || errB != nil:
			return false, errors.Join(errA, errB)
		}
	}
}

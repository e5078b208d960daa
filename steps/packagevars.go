package steps

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"

	"dot-for-dbt/internal/dbt/profile"
	"dot-for-dbt/internal/durable"
	"dot-for-dbt/internal/workspace"
)

// A package's dbt_project.yml may give vars values that its nodes read. No manifest has
// them, and most packages are in no commit. So a copy of these files is kept with the
// artifacts of a build.

// projectFile is the name of dbt's file about a project or package.
const projectFile = "dbt_project.yml"

// packagesFile is the name of the file in a build's state that has its packages' files.
const packagesFile = "packages.json"

// An installedPackage is a package as a build has read it.
type installedPackage struct {
	// Project is the text of its dbt_project.yml.
	Project string `json:"project"`
	// At is its directory in the repository, with slashes; "" if it isn't a local package.
	At string `json:"at,omitempty"`
}

// installedPackages reads the packages that are installed for a build, by name.
func installedPackages(b *build) (map[string]installedPackage, error) {
	dir := filepath.Join(b.ProjectDir(), filepath.FromSlash(b.project.PackagesPath))
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for packages: %w", err)
	}
	found := map[string]installedPackage{}
	for _, entry := range entries {
		text, err := os.ReadFile(filepath.Join(dir, entry.Name(), projectFile))
		if err != nil { // no package
			continue
		}
		name := entry.Name()
		if project, err := profile.ParseProject(name, text); err == nil {
			name = project.Name
		}
		found[name] = installedPackage{string(text), localPackage(b.Commit, filepath.Join(dir, entry.Name()))}
	}
	return found, nil
}

// localPackage returns the directory in the repository of an installed package, which is a
// symbolic link to it; "" for another package.
func localPackage(commit workspace.Commit, installed string) string {
	info, err := os.Lstat(installed)
	if err != nil || info.Mode()&os.ModeSymlink == 0 {
		return ""
	}
	real, err := filepath.EvalSymlinks(installed)
	if err != nil {
		return ""
	}
	top, err := filepath.EvalSymlinks(commit.Worktree())
	if err != nil || !inside(top, real) {
		return ""
	}
	at, err := filepath.Rel(top, real)
	if err != nil {
		return ""
	}
	return filepath.ToSlash(at)
}

// keepPackages keeps the packages of a build with its artifacts.
func keepPackages(b *build) error { return keepPackagesIn(b, b.State(b.place)) }

// keepPackagesIn keeps the packages in a directory.
func keepPackagesIn(b *build, dir string) error {
	found, err := installedPackages(b)
	if err != nil {
		return err
	}
	data, err := json.Marshal(found)
	if err != nil {
		return err
	}
	return durable.Write(filepath.Join(dir, packagesFile), data, 0o600)
}

// readPackages reads the kept packages; known is false if there are none.
func readPackages(state string) (found map[string]installedPackage, known bool) {
	data, err := os.ReadFile(filepath.Join(state, packagesFile))
	return found, err == nil && json.Unmarshal(data, &found) == nil
}

// changedPackageVars returns the names of the vars in packages' own files that differ, by
// package. A var that the candidate's project sets for the package is left out: that value
// wins.
func changedPackageVars(ctx context.Context, baseline, candidate *Layer) (map[string][]string, error) {
	packages, known := candidate.packages, candidate.packages != nil
	if !known {
		packages, known = readPackages(filepath.Dir(candidate.Manifest))
	}
	if !known {
		return nil, nil
	}
	project, err := candidate.ReadFile(ctx, projectFile)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	was, known := readPackages(filepath.Dir(baseline.Manifest))
	changed := map[string][]string{}
	for _, name := range slices.Sorted(maps.Keys(packages)) {
		is := packages[name]
		before := was[name].Project
		if !known && is.At != "" { // built by another tool; unlike others, the commit has this package
			top := *baseline
			top.project = ""
			text, err := top.ReadFile(ctx, path.Join(is.At, projectFile))
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return nil, err
			}
			before = string(text)
		}
		if before == is.Project {
			continue
		}
		vars, err := profile.ChangedVars(name, []byte(before), []byte(is.Project))
		if err != nil {
			return nil, err
		}
		set, err := profile.VarsFor(projectFile, project, name)
		if err != nil {
			return nil, err
		}
		if vars = slices.DeleteFunc(vars, func(v string) bool { return set[v] }); len(vars) > 0 {
			changed[name] = vars
		}
	}
	return changed, nil
}

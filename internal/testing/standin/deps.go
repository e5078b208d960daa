package standin

import (
	"crypto/sha1"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// packages returns the paths of the project's local packages. There is no network for other
// packages.
func (j *project) packages() ([]string, error) {
	text, err := os.ReadFile(filepath.Join(j.dir, "packages.yml"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var file struct {
		Packages []map[string]string `yaml:"packages"`
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		return nil, fmt.Errorf("packages.yml: %w", err)
	}
	var out []string
	for _, p := range file.Packages {
		switch local := p["local"]; {
		case local == "":
			return nil, usage("the stand-in has no network: %v", p)
		case !slices.Contains(out, local): // dbt installs a repeated package once
			out = append(out, local)
		}
	}
	return out, nil
}

// deps links local packages into the project and writes the lock file.
func (p Process) deps(l line) error {
	j, err := p.openProject(l)
	if err != nil {
		return err
	}
	asked, err := j.packages()
	if err != nil || len(asked) == 0 {
		return err
	}
	installed := filepath.Join(j.dir, j.Packages)
	if err := os.RemoveAll(installed); err != nil {
		return err
	}
	if err := os.MkdirAll(installed, 0o755); err != nil {
		return err
	}
	var lock strings.Builder
	lock.WriteString("packages:\n")
	for _, local := range asked {
		dir := filepath.Join(j.dir, local)
		text, err := os.ReadFile(filepath.Join(dir, "dbt_project.yml"))
		if err != nil {
			return usage("Runtime Error\n  no dbt_project.yml found at expected path %s/dbt_project.yml", local)
		}
		var other project
		if err := yaml.Unmarshal(text, &other); err != nil {
			return err
		}
		if err := os.Symlink(dir, filepath.Join(installed, other.Name)); err != nil {
			return err
		}
		fmt.Fprintf(&lock, "  - local: %s\n    name: %s\n", local, other.Name)
		p.printf("Installing %s", local)
	}
	fmt.Fprintf(&lock, "sha1_hash: %x\n", sha1.Sum([]byte(strings.Join(asked, "\n"))))
	return os.WriteFile(filepath.Join(j.dir, "package-lock.yml"), []byte(lock.String()), 0o644)
}

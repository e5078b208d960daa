package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Config is the content of a project's configuration files, checked but not yet merged for an
// environment.
type Config struct {
	variables map[string]variable
	base      environments // shared
	user      environments // personal
	names     []string     // of all environments in both files, sorted
}

// Load reads the configuration in a project directory of the working tree. It is used for old
// commits, too, since it says how to reach today's warehouse. Missing files are fine.
//
// An error in a file has its position, the line and hints.
func Load(dir string) (*Config, error) {
	vars, err := readFile(dir, varsFile)
	if err != nil {
		return nil, err
	}
	base, err := readFile(dir, baseFile)
	if err != nil {
		return nil, err
	}
	user, err := readFile(dir, userFile)
	if err != nil {
		return nil, err
	}
	return parse(vars, base, user)
}

// Files returns the paths of the files that Load reads. They need not exist.
func Files(dir string) []string {
	return []string{filepath.Join(dir, varsFile), filepath.Join(dir, baseFile), filepath.Join(dir, userFile)}
}

// parse reads the three files; nil means that a file doesn't exist.
func parse(vars, base, user []byte) (*Config, error) {
	var c Config
	var err error
	if c.variables, err = readVariables(varsFile, vars); err != nil {
		return nil, err
	}
	if c.base, err = readEnvironments(baseFile, base); err != nil {
		return nil, err
	}
	if c.user, err = readEnvironments(userFile, user); err != nil {
		return nil, err
	}
	c.names = names(c.base, c.user)
	return &c, c.check()
}

// check makes the checks that need both environments files.
func (c *Config) check() error {
	spelled := map[string]named{}
	for _, file := range []environments{c.base, c.user} {
		for _, name := range names(file) {
			lower, at := strings.ToLower(name), file.named[name].at
			if other, known := spelled[lower]; known && other.name != name {
				return at.problemf("environments %q and %q (%s) differ in case only: their directories would be one on macOS and Windows", name, other.name, other.at.position()).
					hint("rename one of them")
			}
			spelled[lower] = named{name, at}
		}
	}
	for _, file := range []environments{c.base, c.user} {
		if d := file.byDefault; d != nil && !c.defines(d.name) {
			p := d.at.problemf("default is %q, but no such environment is defined", d.name)
			if len(c.names) == 0 {
				return p.hint("define it below environment:, or remove default: the profile's outputs are the environments then")
			}
			return p.hint(didYouMean(d.name, c.names), c.list())
		}
	}
	return nil
}

// readFile reads at most one byte more than parseYAML accepts.
func readFile(dir, name string) ([]byte, error) {
	if twin := strings.TrimSuffix(name, ".yml") + ".yaml"; exists(filepath.Join(dir, twin)) {
		p := place{}.problemf("%s is not read: the file's name must be %s", twin, name)
		if exists(filepath.Join(dir, name)) {
			return nil, p.hint("move its content to " + name + " and remove it")
		}
		return nil, p.hint("rename it to " + name)
	}
	path := filepath.Join(dir, name)
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && exists(path):
		return nil, place{}.problemf("%s is a symbolic link to a file that does not exist", path).hint("remove the link, or restore the file")
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("read configuration: %w", err)
	case !info.Mode().IsRegular():
		return nil, place{}.problemf("%s is not a file", path).hint("rename it, or put a file in its place")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	return data, nil
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

package profile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"dot-for-dbt/internal/hint"
)

// fileName is the only file name that dbt looks for.
const fileName = "profiles.yml"

// Search says where a profiles.yml may be.
type Search struct {
	Dir        string                           // profiles-dir from the command line or the environment, "" for none
	Env        func(name string) (string, bool) // like os.LookupEnv
	WorkDir    string                           // absolute; base of relative directories
	Home       string                           // absolute, "" if there is none
	ProjectDir string                           // absolute; searched last, and only by dot, not by dbt
}

// Find returns the absolute path of the profiles.yml that dbt 1.11 would read. If Dir or a variable
// names a directory, it looks only there. As in dbt, ~ has no meaning in it. The error lists the
// places where it looked.
func (s Search) Find() (string, error) {
	if dir, source := s.named(); dir != "" {
		return s.inNamed(dir, source)
	}
	var looked []string
	for _, dir := range []string{s.WorkDir, s.underHome(), s.ProjectDir} {
		path := filepath.Join(dir, fileName)
		if dir == "" || (len(looked) > 0 && path == looked[0]) {
			continue
		}
		if _, err := os.Stat(path); err == nil {
			return path, nil
		} else if !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("looking for %s: %w", fileName, err)
		}
		looked = append(looked, path)
	}
	return "", hint.New(
		"no profiles.yml found; looked for "+strings.Join(looked, ", "),
		"write one (https://docs.getdbt.com/docs/core/connect-data-platform/profiles.yml),",
		"or say where it is with --profiles-dir or DBT_PROFILES_DIR",
	)
}

// named returns the directory that was explicitly named, and by what. click ignores empty
// variables.
func (s Search) named() (dir, source string) {
	if s.Dir != "" {
		return s.Dir, "profiles-dir"
	}
	if s.Env == nil {
		return "", ""
	}
	for _, name := range []string{"DBT_ENGINE_PROFILES_DIR", "DBT_PROFILES_DIR"} {
		if dir, _ := s.Env(name); dir != "" {
			return dir, name
		}
	}
	return "", ""
}

func (s Search) inNamed(dir, source string) (string, error) {
	absolute := dir
	if !filepath.IsAbs(dir) {
		absolute = filepath.Join(s.WorkDir, dir)
	}
	if _, err := os.Stat(absolute); err != nil {
		msg := fmt.Sprintf("%s names %s, which does not exist", source, dir)
		if !errors.Is(err, fs.ErrNotExist) {
			msg = fmt.Sprintf("%s names %s: %v", source, dir, err)
		}
		advice := "name the directory that holds profiles.yml"
		if strings.HasPrefix(dir, "~") {
			advice = "dbt does not read ~ there: write the directory out"
		}
		return "", hint.New(msg, advice)
	}
	path := filepath.Join(absolute, fileName)
	if _, err := os.Stat(path); err != nil {
		return "", hint.New(
			fmt.Sprintf("%s names %s, which holds no %s", source, dir, fileName),
			"name the directory that holds profiles.yml",
		)
	}
	return path, nil
}

func (s Search) underHome() string {
	if s.Home == "" {
		return ""
	}
	return filepath.Join(s.Home, ".dbt")
}

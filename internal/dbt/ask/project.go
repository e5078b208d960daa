// Package ask sends questions to a warehouse through dbt. It writes a project whose models return
// JSON instead of building relations, and reads their answers. Nothing is created in the warehouse.
// The package knows nothing of the questions, and runs nothing: between [Project.Write] and
// [Results], the caller runs dbt with [Options].
package ask

import (
	"bytes"
	"cmp"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"dot-for-dbt/internal/dbt"
)

// common is what all projects have.
//
//go:embed macros
var common embed.FS

// A Project is a dbt project that asks. Its macros/*.sql define a materialization with the
// project's name. That finds a model's work, as JSON, in the variable sql, and answers with
// the macro dot_answer. The macro dot_rows runs a query.
type Project struct {
	Name   string
	Macros fs.FS
	// Profile is dbt's profile; "": dbt gets it on its command line.
	Profile string
	// Database and Schema are those of the models. "": the target's database, and a schema that every
	// database has. They need not exist, but dbt 2 makes a missing schema (2.0.0-alpha.4).
	Database, Schema string
	// Work has the work of each model.
	Work []any
}

// Write writes the project to a directory, which may hold an earlier one. It leaves unchanged files
// alone, so that dbt need not parse them again.
func (p Project) Write(dir string) error {
	files, err := p.files()
	if err != nil {
		return err
	}
	// An earlier run's results must not pass for this run's.
	for _, file := range []string{resultsFile(dir), logFile(dir)} {
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	models, err := os.ReadDir(filepath.Join(dir, "models"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, model := range models {
		if name := "models/" + model.Name(); files[name] == nil {
			if err := os.Remove(filepath.Join(dir, filepath.FromSlash(name))); err != nil {
				return err
			}
		}
	}
	for name, content := range files {
		if err := write(filepath.Join(dir, filepath.FromSlash(name)), content); err != nil {
			return err
		}
	}
	return nil
}

// Options are the options of dbt run for a project, except for the directories, the profile and the
// target. The target path is target, in the project's directory, and the log path is logs. dbt 2
// needs --log-level-file info instead, since [Results] finds its answers in its log.
func Options(threads int) []dbt.Option {
	no := func(flag string) dbt.Option { return dbt.Option{Flag: flag, Negated: true} }
	return []dbt.Option{
		dbt.NewOption("threads", strconv.Itoa(max(threads, 1))),
		dbt.NewOption("log-level-file", "none"), no("send-anonymous-usage-stats"), dbt.NewOption("write-json"),
		// These override the environment.
		no("fail-fast"), no("defer"), no("empty"),
		// The cache is useless here: nothing is created.
		no("populate-cache"),
	}
}

// write writes a file, unless it has that content already.
func write(file string, content []byte) error {
	if old, err := os.ReadFile(file); err == nil && bytes.Equal(old, content) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		return err
	}
	return os.WriteFile(file, content, 0o666)
}

// files returns the content of the project's files, by path with slashes.
func (p Project) files() (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, from := range []fs.FS{common, p.Macros} {
		macros, err := fs.Glob(from, "macros/*.sql")
		if err != nil {
			return nil, err
		}
		for _, name := range macros {
			if files[name], err = fs.ReadFile(from, name); err != nil {
				return nil, err
			}
		}
	}
	config, err := plain(projectConfig{
		Name: p.Name, Version: "1.0.0", ConfigVersion: 2, Profile: p.Profile,
		Models: modelConfig{Materialized: p.Name, Database: p.Database, Schema: cmp.Or(p.Schema, "information_schema")},
	})
	if err != nil {
		return nil, err
	}
	files["dbt_project.yml"] = append(config, '\n') // JSON is YAML
	for i, work := range p.Work {
		text, err := plain(work)
		if err != nil {
			return nil, err
		}
		files["models/"+modelName(i)+".sql"] = slices.Concat([]byte("{% raw %}"), text, []byte("{% endraw %}\n"))
	}
	return files, nil
}

// projectConfig is dbt_project.yml.
type projectConfig struct {
	Name          string      `json:"name"`
	Version       string      `json:"version"`
	ConfigVersion int         `json:"config-version"`
	Profile       string      `json:"profile,omitempty"`
	Models        modelConfig `json:"models"`
}

// modelConfig is the configuration of all models.
type modelConfig struct {
	Materialized string `json:"+materialized"`
	Database     string `json:"+database,omitempty"`
	Schema       string `json:"+schema,omitempty"`
}

// plain encodes a value as ASCII JSON. It escapes whatever could end raw text in Jinja or begin an
// expression in YAML.
func plain(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	for _, r := range strings.TrimSpace(buf.String()) {
		switch {
		case r > 0xffff:
			r -= 0x10000
			fmt.Fprintf(&out, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		case r > 0x7e || r == '%':
			fmt.Fprintf(&out, `\u%04x`, r)
		default:
			out.WriteRune(r)
		}
	}
	return out.Bytes(), nil
}

// modelName is the name of model i.
func modelName(i int) string { return fmt.Sprintf("chunk_%04d", i) }

// ModelID is the unique_id of the model for the work at index i.
func ModelID(project string, i int) string { return "model." + project + "." + modelName(i) }

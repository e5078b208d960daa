package ladder

import (
	"bytes"
	"cmp"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"dot-for-dbt/internal/dbt"
)

// project is what each generated project has in common.
//
//go:embed project
var project embed.FS

// projectName is the dbt project's.
const projectName = "dot_compare"

// Write writes the dbt project for a job to a directory, which may hold that of an
// earlier one: what is the same stays as it is, so that dbt need not parse it
// again.
func Write(dir string, job Job) error {
	d, err := dialectOf(job.Adapter)
	if err != nil {
		return err
	}
	files, err := files(d, job)
	if err != nil {
		return fmt.Errorf("writing the project that compares: %w", err)
	}
	// What an earlier run found must not be taken for this one's.
	if err := os.Remove(resultsFile(dir)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("writing the project that compares: %w", err)
	}
	models, err := os.ReadDir(filepath.Join(dir, "models"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("writing the project that compares: %w", err)
	}
	for _, model := range models {
		if name := "models/" + model.Name(); files[name] == nil {
			if err := os.Remove(filepath.Join(dir, filepath.FromSlash(name))); err != nil {
				return fmt.Errorf("writing the project that compares: %w", err)
			}
		}
	}
	for name, content := range files {
		if err := write(filepath.Join(dir, filepath.FromSlash(name)), content); err != nil {
			return fmt.Errorf("writing the project that compares: %w", err)
		}
	}
	return nil
}

// Options are those of the dbt run of a job's project, but for where it and the
// profile lie, and with which target it connects. Its target path is target, in
// the project's directory.
func Options(job Job) []dbt.Option {
	no := func(flag string) dbt.Option { return dbt.Option{Flag: flag, Negated: true} }
	return []dbt.Option{
		dbt.NewOption("threads", strconv.Itoa(max(job.Threads, 1))),
		dbt.NewOption("log-level-file", "none"), no("send-anonymous-usage-stats"), dbt.NewOption("write-json"),
		// Of what the environment may say otherwise.
		no("fail-fast"), no("defer"), no("empty"),
		// It is of no use here: nothing is created, and no relation is asked for.
		no("populate-cache"),
	}
}

// targetPath is where dbt leaves what it finds.
func targetPath(dir string) string { return filepath.Join(dir, "target") }

// resultsFile is dbt's file of how each model ended.
func resultsFile(dir string) string { return filepath.Join(targetPath(dir), "run_results.json") }

// write writes a file, unless it is like that already.
func write(file string, content []byte) error {
	if old, err := os.ReadFile(file); err == nil && bytes.Equal(old, content) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		return err
	}
	return os.WriteFile(file, content, 0o666)
}

// files returns the files of the project, by their names with slashes.
func files(d dialect, job Job) (map[string][]byte, error) {
	files := map[string][]byte{}
	macros, err := fs.Glob(project, "project/macros/*.sql")
	if err != nil {
		return nil, err
	}
	for _, name := range macros {
		content, err := fs.ReadFile(project, name)
		if err != nil {
			return nil, err
		}
		files[strings.TrimPrefix(name, "project/")] = content
	}
	config, err := plain(map[string]any{
		"name":           projectName,
		"version":        "1.0.0",
		"config-version": 2,
		"profile":        job.Profile,
		"models":         map[string]any{"+materialized": projectName, "+database": job.Database, "+schema": job.Schema},
	})
	if err != nil {
		return nil, err
	}
	files["dbt_project.yml"] = append(config, '\n') // JSON is YAML
	for i, chunk := range chunks(job) {
		work, err := plain(newWork(d, job.Pairs, chunk))
		if err != nil {
			return nil, err
		}
		files["models/"+modelName(i)+".sql"] = slices.Concat([]byte("{% raw %}"), work, []byte("{% endraw %}\n"))
	}
	return files, nil
}

// plain is a value as JSON, in ASCII and without what may end raw text in Jinja
// or begin an expression in YAML.
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

// modelName is the name of the model of chunk i.
func modelName(i int) string { return fmt.Sprintf("chunk_%04d", i) }

// modelID is the unique_id of that.
func modelID(i int) string { return "model." + projectName + "." + modelName(i) }

// work is what a model has to do.
type work struct {
	Metadata string     `json:"metadata"`
	Pairs    []workPair `json:"pairs"`
	Facts    dialect    `json:"facts"`
}

// workPair is a pair as the macros know it.
type workPair struct {
	ID            string             `json:"id"`
	A             string             `json:"a"`
	B             string             `json:"b"`
	Depth         Depth              `json:"depth"`
	Key           []string           `json:"key"`
	Where         string             `json:"where"`
	Ignore        []string           `json:"ignore"`
	Tolerance     map[string]float64 `json:"tolerance"`
	Sample        int                `json:"sample"`
	Distributions bool               `json:"distributions"`
}

// newWork returns the work of one chunk of pairs.
func newWork(d dialect, pairs []Pair, chunk []int) work {
	w := work{Facts: d}
	var relations []lookup
	for n, i := range chunk {
		p := pairs[i]
		relations = append(relations, d.lookup(fmt.Sprintf("%da", n), p.A), d.lookup(fmt.Sprintf("%db", n), p.B))
		tolerance := map[string]float64{}
		for column, t := range p.Tolerance {
			if t >= 0 && !math.IsInf(t, 0) { // 0: none, also where others have one
				tolerance[column] = t
			}
		}
		w.Pairs = append(w.Pairs, workPair{
			ID: p.ID, A: p.A.SQL, B: p.B.SQL, Depth: p.Depth,
			Key: append([]string{}, p.Key...), Where: p.Where, Ignore: append([]string{}, p.Ignore...),
			Tolerance: tolerance, Sample: max(p.Sample, 0), Distributions: p.Distributions,
		})
	}
	w.Metadata = d.metadata(relations)
	return w
}

const (
	// large is how many rows make a pair one that gets a model of its own.
	large = 500_000
	// most is how many pairs a chunk has at most: a model costs dbt about 30 ms,
	// and what goes wrong with one pair has all of its chunk compared again.
	most = 25
)

// chunks returns which pairs each model compares, by their places in the job; the
// large ones first, so that they aren't what is waited for at the end.
func chunks(job Job) [][]int {
	var alone, small []int
	for i, p := range job.Pairs {
		if job.Alone || p.Rows >= large {
			alone = append(alone, i)
		} else {
			small = append(small, i)
		}
	}
	slices.SortStableFunc(alone, func(i, j int) int { return cmp.Compare(job.Pairs[j].Rows, job.Pairs[i].Rows) })
	var out [][]int
	for _, i := range alone {
		out = append(out, []int{i})
	}
	n := min(max(job.Threads, (len(small)+most-1)/most, 1), len(small))
	dealt := make([][]int, n)
	for at, i := range small {
		dealt[at%n] = append(dealt[at%n], i)
	}
	return append(out, dealt...)
}

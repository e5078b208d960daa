package ladder

import (
	"cmp"
	"embed"
	"fmt"
	"math"
	"slices"

	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/dbt/ask"
)

// macros are the materialization of a job's models.
//
//go:embed macros
var macros embed.FS

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
	p := ask.Project{Name: projectName, Macros: macros, Profile: job.Profile, Database: job.Database, Schema: job.Schema}
	for _, chunk := range chunks(job) {
		p.Work = append(p.Work, newWork(d, job.Pairs, chunk))
	}
	if err := p.Write(dir); err != nil {
		return fmt.Errorf("writing the project that compares: %w", err)
	}
	return nil
}

// Options are those of the dbt run of a job's project, see [ask.Options].
func Options(job Job) []dbt.Option { return ask.Options(job.Threads) }

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

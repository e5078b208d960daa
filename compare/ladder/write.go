package ladder

import (
	"cmp"
	"embed"
	"fmt"
	"maps"
	"math"
	"slices"

	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/dbt/ask"
)

// macros has the materialization of the batch's models.
//
//go:embed macros
var macros embed.FS

// projectName is the name of the generated dbt project.
const projectName = "dot_compare"

// Write writes the dbt project for a batch to a directory. The directory may hold an
// earlier batch's project: files that stay the same are kept, so that dbt need not
// parse them again.
func Write(dir string, batch Batch) error {
	d, err := dialectOf(batch.Adapter)
	if err != nil {
		return err
	}
	p := ask.Project{Name: projectName, Macros: macros, Profile: batch.Profile, Database: batch.Database}
	if !d.informationSchema {
		p.Schema = batch.Schema
	}
	for _, chunk := range chunks(batch) {
		p.Work = append(p.Work, newWork(d, batch.Pairs, chunk))
	}
	if err := p.Write(dir); err != nil {
		return fmt.Errorf("write the comparison's dbt project: %w", err)
	}
	return nil
}

// Options returns dbt's options to run the batch's project, see [ask.Options].
func Options(batch Batch) []dbt.Option { return ask.Options(batch.Threads) }

// work is the JSON in a model's file: the pairs to compare, and how.
type work struct {
	Metadata string     `json:"metadata"`
	Pairs    []workPair `json:"pairs"`
	Facts    dialect    `json:"facts"`
}

// workPair is a pair as the macros read it.
type workPair struct {
	ID            string             `json:"id"`
	A             string             `json:"a"`
	B             string             `json:"b"`
	Depth         Depth              `json:"depth"`
	Key           []string           `json:"key"`
	Where         string             `json:"where"`
	Ignore        []string           `json:"ignore"`
	Ends          map[string]string  `json:"ends"`
	Names         [][2]string        `json:"names"`
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
			if t >= 0 && !math.IsInf(t, 0) { // 0 exempts the column from the default tolerance
				tolerance[column] = t
			}
		}
		ends := map[string]string{}
		maps.Copy(ends, p.Ends)
		w.Pairs = append(w.Pairs, workPair{
			ID: p.ID, A: p.A.SQL, B: p.B.SQL, Depth: p.Depth,
			Key: append([]string{}, p.Key...), Where: p.Where, Ignore: append([]string{}, p.Ignore...), Ends: ends, Names: d.names(p.Names),
			Tolerance: tolerance, Sample: max(p.Sample, 0), Distributions: p.Distributions,
		})
	}
	w.Metadata = d.metadata(relations)
	return w
}

const (
	// large: a pair with at least this many rows gets a model of its own.
	large = 500_000
	// most is the most pairs a chunk may have. A model costs dbt about 30 ms, but if
	// one pair fails, its whole chunk is compared again.
	most = 25
)

// chunks returns which pairs each model compares, by their indexes in the batch. The
// large pairs come first, so that no large one runs alone at the end.
func chunks(batch Batch) [][]int {
	var alone, small []int
	for i, p := range batch.Pairs {
		if batch.Alone || p.Rows >= large {
			alone = append(alone, i)
		} else {
			small = append(small, i)
		}
	}
	slices.SortStableFunc(alone, func(i, j int) int { return cmp.Compare(batch.Pairs[j].Rows, batch.Pairs[i].Rows) })
	var out [][]int
	for _, i := range alone {
		out = append(out, []int{i})
	}
	n := min(max(batch.Threads, (len(small)+most-1)/most, 1), len(small))
	dealt := make([][]int, n)
	for at, i := range small {
		dealt[at%n] = append(dealt[at%n], i)
	}
	return append(out, dealt...)
}

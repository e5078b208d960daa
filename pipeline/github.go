package pipeline

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/text"
)

// mostInMatrix is how many jobs GitHub makes of one matrix.
const mostInMatrix = 256

// A matrixStage is the jobs of a pipeline that may run at once, as JSON for GitHub.
type matrixStage struct {
	// Parallel is how many shards may run at once.
	Parallel int     `json:"parallel"`
	Shards   []shard `json:"shards"`
}

// A shard is the jobs of one matrix.
type shard struct {
	Name string `json:"name"`
	// Parallel is how many of the jobs may run at once.
	Parallel int      `json:"parallel"`
	Specs    []string `json:"specs"`
}

// GitHubMatrix writes a line of JSON for two matrices of a workflow: one of shards, and one of the jobs
// in a shard. A matrix has at most 256 jobs.
func GitHubMatrix(w io.Writer, p Pipeline) error {
	all := struct {
		Script string      `json:"script"`
		First  matrixStage `json:"first"`
		Then   matrixStage `json:"then"`
	}{p.oneLine(), p.matrixStage(p.First), p.matrixStage(p.Then)}
	if n := len(all.Then.Shards); n > mostInMatrix {
		return hint.New(
			fmt.Sprintf("%s are %s of at most %d, and GitHub takes %d shards", text.Plural(len(p.Then), "job"), text.Plural(n, "shard"), mostInMatrix, mostInMatrix),
			"give each run of the workflow a part of the specs",
		)
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(all)
}

// matrixStage divides jobs into shards. Jobs of one pool are in the same shards, and if they need
// several, one shard runs at a time: a matrix limits its own jobs only.
func (p Pipeline) matrixStage(jobs []Job) matrixStage {
	stage := matrixStage{Shards: []shard{}}
	oneByOne := false
	for _, g := range p.groups(jobs) {
		parts := slices.Collect(slices.Chunk(g.jobs, mostInMatrix))
		oneByOne = oneByOne || g.size > 0 && len(parts) > 1
		for i, part := range parts {
			s := shard{Name: g.pool, Parallel: len(part)}
			if g.pool == "" {
				s.Name = "jobs"
			}
			if g.size > 0 {
				s.Parallel = min(g.size, len(part))
			}
			if len(parts) > 1 {
				s.Name += fmt.Sprintf(" %d/%d", i+1, len(parts))
			}
			for _, job := range part {
				s.Specs = append(s.Specs, job.Spec)
			}
			stage.Shards = append(stage.Shards, s)
		}
	}
	stage.Parallel = max(len(stage.Shards), 1)
	if oneByOne {
		stage.Parallel = 1
	}
	return stage
}

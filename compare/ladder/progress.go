package ladder

import (
	"slices"

	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/dbt/ask"
)

// Follow returns what is to be told of what dbt says while it runs the job's
// project. It calls report with how many pairs are done and, by their ID, which
// are being compared, as far as that is known: of those that share a model it isn't.
func Follow(job Job, report func(done int, running []string)) func(artifact.Event) {
	done := 0
	var running []string
	models := map[string][]int{}
	for i, chunk := range chunks(job) {
		models[ask.ModelID(projectName, i)] = chunk
	}
	return func(e artifact.Event) {
		if e.Node == nil {
			return
		}
		chunk := models[e.Node.UniqueID]
		if len(chunk) == 0 {
			return
		}
		ended := e.Node.Status != ""
		if ended {
			done += len(chunk)
		}
		if len(chunk) == 1 {
			id := job.Pairs[chunk[0]].ID
			running = slices.DeleteFunc(running, func(had string) bool { return had == id })
			if !ended {
				running = append(running, id)
			}
		}
		report(done, slices.Clone(running))
	}
}

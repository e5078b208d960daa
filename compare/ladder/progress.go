package ladder

import (
	"slices"

	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/dbt/ask"
)

// Follow returns a listener for dbt's events while dbt runs the batch's project. The
// listener calls report with the number of pairs that are done and the IDs of those
// that are running. Pairs that share a model are not in that list, since dbt doesn't
// tell which of them is running.
func Follow(batch Batch, report func(done int, running []string)) func(artifact.Event) {
	done := 0
	var running []string
	models := map[string][]int{}
	for i, chunk := range chunks(batch) {
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
			id := batch.Pairs[chunk[0]].ID
			running = slices.DeleteFunc(running, func(had string) bool { return had == id })
			if !ended {
				running = append(running, id)
			}
		}
		report(done, slices.Clone(running))
	}
}

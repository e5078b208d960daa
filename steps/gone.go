package steps

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"dot-for-dbt/internal/warehouse"
	"dot-for-dbt/internal/workspace"
)

// The ledgers say what dot has written, not what others have dropped since. With
// --check-warehouse, dot asks the warehouse whether the relations are there.

// notThere is the ledger's note on a relation that the warehouse doesn't have.
const notThere = "is not in the warehouse any more"

// gone says which of a job's relations are not in the warehouse, "" if all are there.
// Plans ask, too, so nothing is written to the build's directory.
func (rt *runtime) gone(ctx context.Context, job *job) string {
	checked, err := rt.checked(job)
	if err != nil {
		return "" // then the job runs anyway
	}
	s, err := rt.standingOf(job.build.Build, job.build.place)
	if err != nil {
		return ""
	}
	q := warehouse.Question{Adapter: job.build.output.Adapter}
	names := map[warehouse.Relation]string{}
	ids := slices.Collect(maps.Keys(checked.targets(job)))
	for _, n := range checked.Reused {
		ids = append(ids, n.ID)
	}
	for _, id := range ids {
		if e, ok := s.Nodes[id]; ok && (e.Status == workspace.Written || e.Status == workspace.Cloned) && findable(id, job) {
			r := inWarehouse(e.Name)
			names[r] = workspace.NodeName(id)
			q.Exist = append(q.Exist, r)
		}
	}
	if len(q.Exist) == 0 {
		return ""
	}
	dir, err := os.MkdirTemp("", temporaryQuestion)
	if err != nil {
		return err.Error()
	}
	defer os.RemoveAll(dir)
	answer, err := rt.ask(ctx, job, dir, q, nil)
	if err != nil {
		return err.Error() // the run shows what dbt says
	}
	for r := range names {
		if _, there := answer.Kind(r); there {
			delete(names, r)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return fmt.Sprintf("%d of its %d relations%s not in the warehouse: %s", len(names), len(q.Exist), is(len(names)), listNames(slices.Sorted(maps.Values(names))))
}

// findable reports whether the warehouse can be asked for a node's relation.
func findable(id string, job *job) bool {
	return !strings.HasPrefix(id, "function.") || warehouse.SupportOf(job.build.output.Adapter).Functions
}

// A claim is a relation that a build has, according to a ledger.
type claim struct {
	in warehouse.Relation
	at workspace.Relation
}

// claims returns the relations of a job's build and of the builds below it. Relations
// that another tool made are in no ledger.
func (ls *layers) claims(job *job) []claim {
	var out []claim
	add := func(s standing) {
		for _, id := range slices.Sorted(maps.Keys(s.Nodes)) {
			if e := s.Nodes[id]; s.Layer != nil && (e.Status == workspace.Written || e.Status == workspace.Cloned) && findable(id, job) {
				at, _ := s.Claimed(id)
				out = append(out, claim{inWarehouse(e.Name), at})
			}
		}
	}
	own, _ := ls.ownLayer(job.build)
	add(own)
	if job.baseline == nil {
		return out
	}
	below, err := ls.deferredTo(job)
	if err != nil { // the check says so when it resolves the reads
		return out
	}
	for _, s := range ls.stackOf(below).standings {
		add(s)
	}
	return out
}

// markUnsure is the ledger's note on the mark of a schema that may have been dropped. It is not "": if the schema
// still is there, so is this clone's own mark, not that of another one.
const markUnsure = "may be gone"

// strike marks the claimed relations in the ledgers that the warehouse doesn't have. A schema that has none
// of its own may have been dropped and its mark with it: the next run marks it again.
func (ls *layers) strike(answer warehouse.Answer, claims []claim) error {
	var gone []workspace.Relation
	left := map[workspace.Place]bool{}
	for _, c := range claims {
		_, there := answer.Kind(c.in)
		left[c.at.Place] = left[c.at.Place] || there
		if !there {
			gone = append(gone, c.at)
		}
	}
	if err := ls.ws.Strike(gone, notThere); err != nil {
		return err
	}
	for place, some := range left {
		if some || ls.ws.Marked(place) == "" {
			continue
		}
		if err := ls.ws.NoteMark(place, markUnsure); err != nil {
			return err
		}
	}
	return nil
}

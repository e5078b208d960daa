package code

import (
	"cmp"
	"slices"

	"dot-for-dbt/internal/dbt/artifact"
)

// A Snapshot says which of dbt's own columns in a snapshot hold the times of its runs.
// Those differ in every build.
type Snapshot struct {
	// RunTimes are columns that can't be compared, in dbt's order.
	RunTimes []string
	// ValidTo is the column that ends a row's validity, if that holds times of runs.
	// Only whether a row is current can be compared.
	ValidTo string
	// Current is the SQL of ValidTo in current rows that dbt_valid_to_current sets;
	// "" is NULL.
	Current string
}

// runTimes returns the columns of a snapshot that hold times of its runs.
//
// The strategy check takes the run's time, unless the project names a column
// updated_at. A project's own strategy may do either, and is read in the same way.
// The end of a row that the source lost is the time of the run that noticed
// (hard_deletes). With new_record, that run also adds a row.
func runTimes(n *artifact.NodeCode) Snapshot {
	if !hasRelation(n) || n.ResourceType != "snapshot" {
		return Snapshot{}
	}
	c := config(n)
	hard, _ := c["hard_deletes"].(string)
	if invalidates, _ := c["invalidate_hard_deletes"].(bool); invalidates {
		hard = "invalidate"
	}
	updatedAt, _ := c["updated_at"].(string)
	s := Snapshot{}
	if c["strategy"] != "timestamp" && updatedAt == "" || hard == "new_record" {
		for _, column := range []string{"dbt_scd_id", "dbt_updated_at", "dbt_valid_from"} {
			s.RunTimes = append(s.RunTimes, ownColumn(c, column))
		}
	}
	if len(s.RunTimes) > 0 || hard == "invalidate" {
		s.ValidTo = ownColumn(c, "dbt_valid_to")
		s.Current, _ = c["dbt_valid_to_current"].(string)
	}
	return s
}

// ownColumn returns the name of one of dbt's own columns in a snapshot.
func ownColumn(config map[string]any, column string) string {
	names, _ := config["snapshot_meta_column_names"].(map[string]any)
	name, _ := names[column].(string)
	return cmp.Or(name, column)
}

// snapshot returns what holds times of runs on either side.
func (d *nodeDiff) snapshot() Snapshot {
	a, b := runTimes(d.a), runTimes(d.b)
	for _, column := range a.RunTimes {
		if !slices.Contains(b.RunTimes, column) {
			b.RunTimes = append(b.RunTimes, column)
		}
	}
	if b.ValidTo == "" {
		b.ValidTo, b.Current = a.ValidTo, a.Current
	}
	return b
}

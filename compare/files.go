package compare

import "dot-for-dbt/compare/code"

// A view keeps the path of a file, not its rows. A relative path starts where the database
// runs at the time of the query. So one process that reads the views of both sides reads
// one file for both.

// shownFile returns a file that differs between the commits and that a node shows, directly
// or through other views. It returns "" if there is none, or if a side stores rows.
func (v *verdicts) shownFile(n code.Node) string {
	return known(v.files, n.ID, func() string {
		if n.A.Materialized != "view" || n.B.Materialized != "view" {
			return ""
		}
		if len(n.Files) > 0 {
			return n.Files[0]
		}
		for _, id := range n.Parents {
			if file := v.shownFile(v.byID[id]); file != "" {
				return file
			}
		}
		return ""
	})
}

package compare

import "dot-for-dbt/compare/code"

// A view keeps the path of a file, not its rows. A relative path starts where the database
// runs at the time of the query. So one process that reads the views of both sides reads
// one file for both.

// shownFile returns a file that differs between the commits and that both sides' views
// show, the node's or those it reads; "" if there is none.
func (v *verdicts) shownFile(n code.Node) string {
	if n.A.Materialized != "view" || n.B.Materialized != "view" {
		return ""
	}
	if file, ok := v.files[n.ID]; ok {
		return file
	}
	file := ""
	if len(n.Files) > 0 {
		file = n.Files[0]
	} else {
		for _, id := range n.Parents {
			if file = v.shownFile(v.byID[id]); file != "" {
				break
			}
		}
	}
	v.files[n.ID] = file
	return file
}

//go:build unix

package e2e

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// reviewed is the part of a comparison's JSON that a reviewer reads first.
type reviewed struct {
	Comparisons []struct {
		Project string
		Change  struct {
			Branch  string
			Commits []struct{ Subject string }
			Files   []struct {
				Path string
				From string `json:"renamed_from"`
			}
		}
		Relations []reviewedRelation
	}
}

type reviewedRelation struct {
	Name, Verdict string
	RenamedFrom   string `json:"renamed_from"`
	SQL           string `json:"sql_diff"`
	Rows          struct{ Candidate int64 }
	Columns       []struct {
		Name        string
		RenamedFrom string `json:"renamed_from"`
		RenamedTo   string `json:"renamed_to"`
		Profile     *columnProfile
	}
}

type columnProfile struct {
	Nulls, Distinct int64
	Min, Max        string
}

// TestCompareReview: a report has what a reviewer needs. Its head says what the change is; a renamed
// model and a renamed column are compared with the old ones; an added model has its code and what it
// holds; and a seed has its rows.
func TestCompareReview(t *testing.T) {
	onOneAny(t, "postgres", func(t *testing.T, adapter string, dbt generation) {
		s := newProject(t, adapter, map[string]string{
			"dbt_project.yml":     tables,
			"seeds/prices.csv":    "id,price\n1,10\n2,20\n",
			"models/sales.sql":    "select id, price from {{ ref('prices') }}\n",
			"models/per_item.sql": "select id, price * 2 as twice, 'x' as label from {{ ref('sales') }}\n",
			"models/top.sql":      "select * from {{ ref('per_item') }}\n",
			"models/models.yml":   "models: [{name: per_item, columns: [{name: id, data_tests: [unique]}]}]\n",
		})
		s.use(dbt)
		s.git("switch", "--quiet", "--create", "review")
		s.git("mv", "models/sales.sql", "models/stg_sales.sql")
		s.write("models/per_item.sql", "select id, price * 2 as doubled, 'y' as label from {{ ref('stg_sales') }}\n")
		s.commit("Other names")
		s.write("seeds/prices.csv", "id,price\n1,10\n2,20\n3,\n")
		s.commit("A price that isn't known")
		s.write("models/empty_prices.sql", "select id, price, 'none' as label from {{ ref('prices') }} where price is null or id = 1\n")
		s.commit("Prices to look at")
		s.mustDot("build", "prod@main", "dev@review", "dev@review~2")

		read := func(code int, args ...string) map[string]reviewedRelation {
			t.Helper()
			out := s.dot(append([]string{"compare", "--format", "json", "prod@main"}, args...)...)
			var r reviewed
			if err := json.Unmarshal([]byte(out.stdout), &r); err != nil || out.code != code {
				t.Fatalf("exit code %d, want %d; %v\n%s", out.code, code, err, out.stderr)
			}
			c := r.Comparisons[0]
			wantFiles, wantCommits, wantBranch := []string{"models/per_item.sql", "models/sales.sql→models/stg_sales.sql"}, 1, ""
			if args[0] == "dev@review" {
				wantFiles, wantCommits, wantBranch = append([]string{"models/empty_prices.sql"}, append(wantFiles, "seeds/prices.csv")...), 3, "review"
			}
			var files []string
			for _, f := range c.Change.Files {
				name := f.Path
				if f.From != "" {
					name = f.From + "→" + f.Path
				}
				files = append(files, name)
			}
			if diff := cmp.Diff(wantFiles, files); diff != "" || len(c.Change.Commits) != wantCommits || c.Change.Branch != wantBranch || c.Project != "stall" {
				t.Errorf("the head of %v: %+v\nfiles (-want +got):\n%s", args, c.Change, diff)
			}
			found := map[string]reviewedRelation{}
			for _, relation := range c.Relations {
				found[relation.Name] = relation
			}
			return found
		}

		// Only names have changed: the data of the renamed model is the same, and so is the column.
		found := read(1, "dev@review~2", "--exit-code")
		if sales := found["stg_sales"]; sales.RenamedFrom != "sales" || sales.Verdict != "same code" || len(found) != 4 {
			t.Errorf("the renamed model: %+v\n%+v", sales, found)
		}
		item := found["per_item"]
		renamed := map[string]string{}
		for _, c := range item.Columns {
			renamed[c.Name] = c.RenamedFrom + c.RenamedTo
		}
		if item.Verdict != "differs" || renamed["doubled"] != "twice" || renamed["twice"] != "doubled" || renamed["id"] != "" {
			t.Errorf("the renamed column: %s %v", item.Verdict, renamed)
		}
		out := s.mustDot("compare", "prod@main", "dev@review~2").stdout
		for _, want := range []string{"stg_sales (was sales)  same code", "columns renamed: twice → doubled", "1 commit, 2 files (+1 −1)"} {
			if !strings.Contains(out, want) {
				t.Errorf("no %q in\n%s", want, out)
			}
		}
		if found := read(0, "dev@review~2", "--modified"); found["stg_sales"].RenamedFrom != "sales" {
			t.Errorf("--modified: %+v", found)
		}
		if found := read(0, "dev@review~2", "-s", "stg_sales"); len(found) != 1 || found["stg_sales"].RenamedFrom != "sales" {
			t.Errorf("-s stg_sales: %+v", found)
		}
		s.ends(2, "--rename per_item=stg_sales: both sides have per_item", "compare", "prod@main", "dev@review~2", "--rename", "per_item=stg_sales")
		s.ends(2, "expected the baseline's name, =, and the candidate's", "compare", "prod@main", "dev@review~2", "--rename", "per_item")

		// Data and a model are new.
		found = read(0, "dev@review", "--sample", "1")
		if seed := found["prices"]; !strings.HasSuffix(seed.SQL, "@@ -1,3 +1,4 @@\n id,price\n 1,10\n 2,20\n+3,\n") {
			t.Errorf("the seed's diff: %q", seed.SQL)
		}
		added := found["empty_prices"]
		if added.Verdict != "added" || !strings.HasPrefix(added.SQL, "--- /dev/null\n+++ b/models/empty_prices.sql\n") || added.Rows.Candidate != 2 || len(added.Columns) != 3 {
			t.Fatalf("the added model: %+v", added)
		}
		for i, want := range []columnProfile{{Distinct: 2, Min: "1", Max: "3"}, {Nulls: 1, Distinct: 1, Min: "10", Max: "10"}, {Distinct: 1, Min: "none", Max: "none"}} {
			if got := added.Columns[i].Profile; got == nil || *got != want {
				t.Errorf("column %s: %+v, want %+v", added.Columns[i].Name, got, want)
			}
		}
		if label := read(0, "dev@review")["empty_prices"].Columns[2].Profile; label == nil || label.Min != "" {
			t.Errorf("a text is shown without --sample: %+v", label)
		}
		if out := s.mustDot("compare", "prod@main", "dev@review", "--format", "html").stdout; !strings.Contains(out, `<th scope="col" class="n">Distinct</th>`) || !strings.Contains(out, "<small>was sales</small>") {
			t.Error("the page has no profile, or no old name")
		}
	})
}

package main

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A taskPattern is a pattern of a VS Code task's problem matcher: the numbers are those of groups.
type taskPattern struct {
	Regexp                            string
	Kind                              string
	File, Line, Column, Message, Code int
}

// TestProblemMatchers applies the patterns in docs/editors.md to what dbt and dot print, as VS Code
// does: the lines of one problem follow each other. VS Code has removed the colours.
func TestProblemMatchers(t *testing.T) {
	var tasks struct {
		Tasks []struct {
			ProblemMatcher []struct {
				Owner   string
				Pattern json.RawMessage
			}
		}
	}
	blocks := readPage(t, "docs/editors.md").blocks("json")
	i := slices.IndexFunc(blocks, func(block string) bool { return strings.Contains(block, `"tasks"`) })
	if i < 0 {
		t.Fatal("the page has no tasks")
	}
	if err := json.Unmarshal([]byte(blocks[i]), &tasks); err != nil {
		t.Fatal(err)
	}
	matchers := map[string][]taskPattern{}
	for _, task := range tasks.Tasks {
		for _, matcher := range task.ProblemMatcher {
			var patterns []taskPattern
			if json.Unmarshal(matcher.Pattern, &patterns) != nil {
				patterns = make([]taskPattern, 1)
				if err := json.Unmarshal(matcher.Pattern, &patterns[0]); err != nil {
					t.Fatal(err)
				}
			}
			matchers[matcher.Owner] = patterns
		}
	}
	type problem struct{ Owner, File, Line, Column, Message, Code string }
	for _, tt := range []struct {
		name, said string
		want       []problem
	}{
		{"dbt 1.11, the database refuses the SQL", `
18:24:59  
18:24:59  Failure in model revenue_by_month (models/marts/revenue_by_month.sql)
18:24:59    Runtime Error in model revenue_by_month (models/marts/revenue_by_month.sql)
  Parser Error: syntax error at or near "frm"
  
  LINE 14: frm "shop"."dev_wt_cc3378d"."fct_orders"
           ^^^
18:24:59  
18:24:59    compiled code at .dot/build/0b2a194/env/dev~wt_cc3378d/target/compiled/shop/models/marts/revenue_by_month.sql
error: dbt build failed on dev@.: exit code 1: 18 ok, 1 error, 3 skipped
hint: continue after the failure: dot build dev@. --resume
`, []problem{{Owner: "dbt", File: "models/marts/revenue_by_month.sql", Message: `Parser Error: syntax error at or near "frm"`, Code: "Runtime Error"}}},
		{"dbt 1.11, the project can't be read", `
Encountered an error:
Compilation Error in model revenue_by_month (models/marts/revenue_by_month.sql)
  unexpected '}'
    line 1
      select 1 as a from {{ ref('fct_orders') }
error: dbt list failed on dev@.: exit code 2
`, []problem{{Owner: "dbt", File: "models/marts/revenue_by_month.sql", Message: "unexpected '}'", Code: "Compilation Error"}}},
		{"dbt 2.0", `
=================== Errors and Warnings ====================
[error] [MacroSyntaxInvalid (dbt1502)]: Failed to render SQL syntax error: unexpected ` + "`}`" + `, expected end of variable block
(in models/marts/revenue_by_month.sql:1:41)
  --> models/marts/revenue_by_month.sql:1:41
error: dbt list failed on dev@.: exit code 1
`, []problem{{Owner: "dbt 2", File: "models/marts/revenue_by_month.sql", Line: "1", Column: "41", Message: "--> models/marts/revenue_by_month.sql:1:41"}}},
		{"dot's configuration", `
error: dot_environments.yml:4:7: unknown setting "max-agee"
  4 |       max-agee: 12h
    |       ^
  hint: did you mean "max-age"?
`, []problem{{Owner: "dot", File: "dot_environments.yml", Line: "4", Column: "7", Message: `unknown setting "max-agee"`}}},
		{"nothing is wrong", `
18:24:49  7 of 22 START test accepted_values_stg_payments_kind__payment__refund .......... [RUN]
18:24:51  7 of 22 PASS accepted_values_stg_payments_kind__payment__refund ................ [PASS in 1.52s]
done dev@. (24256d1 + 1 file): 13 ok, schema dev_wt_cc3378d, 8.3s
`, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []problem
			lines := strings.Split(tt.said, "\n")
			for owner, patterns := range matchers {
				for i := range lines {
					found := problem{Owner: owner}
					matches := true
					for j, p := range patterns {
						var groups []string
						if i+j < len(lines) {
							groups = regexp.MustCompile(p.Regexp).FindStringSubmatch(lines[i+j])
						}
						if matches = groups != nil; !matches {
							break
						}
						for to, group := range map[*string]int{&found.File: p.File, &found.Line: p.Line, &found.Column: p.Column, &found.Message: p.Message, &found.Code: p.Code} {
							if group > 0 {
								*to = groups[group]
							}
						}
					}
					if matches {
						got = append(got, found)
					}
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

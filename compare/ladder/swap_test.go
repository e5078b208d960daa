//go:build unix

package ladder

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
)

// Swapping a value between two rows changes each bit of the hashes' sum with even
// odds. If the columns' hashes were combined without a mix, the lower bits would stay
// the same far too often. The more bits stay the same, the likelier it is that all do.
func TestSwaps(t *testing.T) {
	const swaps, bits = 100_000, 256
	from := map[string]string{
		"duckdb":   fmt.Sprintf("(select i as x, i * 7919 %% 1000003 as y, i + 1 as z, i * 104729 %% 1000003 as w from range(1, %d) as r(i)) as s", swaps+1),
		"postgres": fmt.Sprintf("(select i as x, i * 7919 %% 1000003 as y, i + 1 as z, i * 104729 %% 1000003 as w from (select cast(i as bigint) as i from generate_series(1, %d) as r(i)) as r) as s", swaps),
	}
	difference := map[string]string{"duckdb": "cast(%s as hugeint)", "postgres": "cast(%s as numeric)"}
	for adapter, rows := range from {
		t.Run(adapter, func(t *testing.T) {
			w := newWarehouse(t, adapter)
			d := dialects[adapter]
			hash := func(columns ...string) string {
				var terms []string
				for i, c := range columns {
					term := "{0}"
					if h := d.Types["bigint"].Hash; h != "" {
						term = h
					}
					place := strconv.Itoa(i + 1)
					terms = append(terms, strings.NewReplacer("{0}", strings.NewReplacer("{0}", c, "{1}", place).Replace(term), "{1}", place).Replace(d.Term))
				}
				row := strings.ReplaceAll(d.RowHash, "{}", strings.Join(terms, d.And))
				return fmt.Sprintf(difference[adapter], strings.ReplaceAll(d.Mix, "{}", row))
			}
			change := hash("x", "y") + " + " + hash("z", "w") + " - " + hash("x", "w") + " - " + hash("z", "y")
			got := w.Query(t, "select "+strings.ReplaceAll(d.Text, "{}", "sum(case when c = 0 then 1 else 0 end)")+", "+
				strings.ReplaceAll(d.Text, "{}", fmt.Sprintf("sum(case when c %% %d = 0 then 1 else 0 end)", bits))+" from (select "+change+" as c from "+rows+") as q")
			if got[0][0] != "0" {
				t.Errorf("%s of %d swaps were not seen", got[0][0], swaps)
			}
			n, err := strconv.Atoi(got[0][1])
			if err != nil {
				t.Fatal(err)
			}
			if chance := swaps / bits; n > 2*chance {
				t.Errorf("%d of %d swaps left the lower bits as they were, by chance it would be about %d", n, swaps, chance)
			}
		})
	}
}

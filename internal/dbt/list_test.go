package dbt

import (
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dot-for-dbt/internal/dbt/artifact"
)

// TestWrites proves D.8.
func TestWrites(t *testing.T) {
	const (
		stored   = "test.shop.not_null_stg_id.b8516e7472"
		storedAs = "test.shop.un2.d13e161351"
	)
	models := []string{"model.shop.after", "model.shop.bad", "model.shop.fromsrc", "model.shop.orders", "model.shop.stg"}
	tests := []struct {
		command string
		args    []string
		want    []string
	}{
		{"run", nil, models},
		{"seed", nil, []string{"seed.shop.raw"}},
		{"snapshot", nil, []string{"snapshot.shop.snap"}},
		{"test", nil, []string{stored, storedAs}},
		{"test", []string{"--store-failures"}, []string{
			"test.shop.accepted_values_stg_id__1.6dc47d4046", stored, storedAs, "test.shop.unique_stg_id.fed989f6b1",
		}},
		{"clone", nil, append(slices.Clone(models), "seed.shop.raw", "snapshot.shop.snap")},
		{"build", nil, append(slices.Clone(models), "seed.shop.raw", "snapshot.shop.snap", stored, storedAs)},
		{"compile", nil, nil},
		{"docs generate", nil, nil},
	}
	f, err := os.Open("artifact/testdata/list.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	nodes, err := artifact.ReadList(f, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range tests {
		t.Run(tt.command, func(t *testing.T) {
			c := command(t, tt.command)
			options := readArgs(t, c, tt.args...).Options
			var got []string
			for _, n := range nodes {
				if c.Writes(n, options) {
					got = append(got, n.UniqueID)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("nodes written (-want +got):\n%s", diff)
			}
		})
	}
}

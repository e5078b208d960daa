package pyyaml_test

import (
	"math"
	"strings"
	"testing"

	"dot-for-dbt/internal/pyyaml"
)

// TestFlow is about what no file can give: see config's and profile's tests for the rest.
func TestFlow(t *testing.T) {
	long := strings.Repeat("k", 2000)
	for _, c := range []struct {
		value any
		want  string
	}{
		{map[string]any{long: 1, "b": []any{nil, true}}, `{"b":[null,true],? "` + long + `":1}`},
		{pyyaml.Dict{{Key: "z", Value: 1}, {Key: int64(2), Value: math.Inf(-1)}}, `{"z":1,2: -.inf}`},
		{1e300, "1.0e+300"},
		{-0.0001, "-0.0001"},
		{math.Copysign(0, -1), "-0.0"},
		{"\u0085\ufeff\u2028\x00", `"\u0085\ufeff\u2028\u0000"`},
	} {
		got, err := pyyaml.Flow(c.value)
		if err != nil || got != c.want {
			t.Errorf("%.40v is %s, want %s (%v)", c.value, got, c.want, err)
		}
		if _, err := pyyaml.Parse("flow", []byte(got)); err != nil {
			t.Errorf("%s can't be read: %v", got, err)
		}
	}
	if got, err := pyyaml.Flow([]any{struct{}{}}); err == nil {
		t.Errorf("got %s", got)
	}
}

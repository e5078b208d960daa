package hidden

import "testing"

func TestIn(t *testing.T) {
	for id, want := range map[string]bool{"model.p.b_*****": true, "*****.p.b": true, "model.p.b_****": false, "model.p.b": false, "": false} {
		if got := In(id); got != want {
			t.Errorf("%s: got %t, want %t", id, got, want)
		}
	}
}

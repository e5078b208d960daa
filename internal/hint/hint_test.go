package hint

import (
	"errors"
	"fmt"
	"io/fs"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOf(t *testing.T) {
	inner := New("no profile", "write one")
	for _, tt := range []struct {
		name string
		err  error
		msg  string
		want []string
	}{
		{"none", nil, "<nil>", nil},
		{"plain", errors.New("x"), "x", nil},
		{"wrapped", fmt.Errorf("reading: %w", inner), "reading: no profile", []string{"write one"}},
		{"added", Add(inner, "or name one"), "no profile", []string{"write one", "or name one"}},
		{"reworded", Reword(inner, "nothing to connect with", "look there"), "nothing to connect with", []string{"look there", "write one"}},
		{"joined, one twice", errors.Join(inner, New("no target", "write one", "choose one")), "no profile\nno target", []string{"write one", "choose one"}},
	} {
		if diff := cmp.Diff(tt.want, Of(tt.err)); diff != "" || fmt.Sprint(tt.err) != tt.msg {
			t.Errorf("%s: %v, hints (-want +got):\n%s", tt.name, tt.err, diff)
		}
	}
	if err := Reword(fs.ErrPermission, "it can't be executed"); !errors.Is(err, fs.ErrPermission) {
		t.Error("a reworded error is no longer what it was")
	}
}

package artifact

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBegunNodes(t *testing.T) {
	const earlier = "\x1b[0m15:19:32.4 [debug] [Thread-1 (]: Began running node model.shop.old\n"
	const debug = "15:19:33.0 [debug] [MainThread]: Command start\n"
	const begun = "\x1b[0m15:19:33.1 [debug] [Thread-1 (]: Began running node seed.shop.customers\n" +
		"15:19:33.2 [debug] [Thread-1 (]: Began compiling node seed.shop.customers\n" +
		"15:19:33.3 [debug] [Thread-2 (]: Began running node model.shop.stg_orders\n"
	tests := []struct {
		name   string
		log    string
		offset int
		want   []string
		ok     bool
	}{
		{name: "two nodes", log: earlier + debug + begun, offset: len(earlier), want: []string{"seed.shop.customers", "model.shop.stg_orders"}, ok: true},
		{name: "none", log: earlier + debug, offset: len(earlier), ok: true},
		{name: "nothing written", log: earlier, offset: len(earlier)},
		{name: "not at level debug", log: "15:19:33 [info ] [MainThread]: Encountered an error\n"},
		{name: "a new file since", log: debug, offset: len(debug) + 1},
		{name: "cut in the middle of a line", log: begun[:len(begun)-1], want: []string{"seed.shop.customers", "model.shop.stg_orders"}, ok: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "dbt.log")
			if err := os.WriteFile(file, []byte(tt.log), 0o600); err != nil {
				t.Fatal(err)
			}
			got, ok := BegunNodes(file, int64(tt.offset))
			if diff := cmp.Diff(tt.want, got); diff != "" || ok != tt.ok {
				t.Errorf("ok %v, want %v (-want +got):\n%s", ok, tt.ok, diff)
			}
		})
	}
	if _, ok := BegunNodes(filepath.Join(t.TempDir(), "none"), 0); ok {
		t.Error("a log that is not there told something")
	}
	if size := LogSize(filepath.Join(t.TempDir(), "none")); size != 0 {
		t.Errorf("a log that is not there has %d bytes", size)
	}
}

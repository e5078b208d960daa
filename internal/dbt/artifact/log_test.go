package artifact

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadLog(t *testing.T) {
	const earlier = "\x1b[0m15:19:32.4 [debug] [Thread-1 (]: Began running node model.shop.old\n"
	const debug = "15:19:33.0 [debug] [MainThread]: Command start\n"
	const begun = "\x1b[0m15:19:33.1 [debug] [Thread-1 (]: Began running node seed.shop.customers\n" +
		"15:19:33.2 [debug] [Thread-1 (]: Began compiling node seed.shop.customers\n" +
		"15:19:33.3 [debug] [Thread-2 (]: Began running node model.shop.stg_orders\n"
	const ended = "15:19:34.1 [info ] [Thread-1 (]: 1 of 3 OK loaded seed file main.customers ...... [\x1b[32mINSERT 3\x1b[0m in 0.1s]\n" +
		"15:19:34.2 [error] [Thread-2 (]: 2 of 3 ERROR creating sql table model main.stg_orders .. [\x1b[31mERROR\x1b[0m in 0.1s]\n" +
		"15:19:34.3 [debug] [Thread-1 (]: Finished running node seed.shop.customers\n" +
		"15:19:34.4 [debug] [Thread-2 (]: Finished running node model.shop.stg_orders\n" +
		"15:19:34.5 [debug] [Thread-1 (]: Began running node model.shop.orders\n" +
		"15:19:34.6 [info ] [Thread-1 (]: 3 of 3 SKIP relation main.orders ........ [\x1b[33mSKIP\x1b[0m]\n" +
		"15:19:34.7 [debug] [Thread-1 (]: Finished running node model.shop.orders\n"
	both := []string{"seed.shop.customers", "model.shop.stg_orders"}
	tests := []struct {
		name   string
		log    string
		offset int
		want   Log
	}{
		{name: "two nodes", log: earlier + debug + begun, offset: len(earlier), want: Log{Known: true, Begun: both}},
		{name: "two that came to their end, and one that was skipped", log: begun + ended, want: Log{Known: true, Begun: both, Written: both[:1], Failed: both[1:]}},
		{name: "the end is not in the log", log: begun + strings.SplitAfter(ended, "\n")[0], want: Log{Known: true, Begun: both}},
		{name: "none", log: earlier + debug, offset: len(earlier), want: Log{Known: true}},
		{name: "nothing written", log: earlier, offset: len(earlier), want: Log{Silent: true}},
		{name: "not at level debug", log: "15:19:33 [info ] [MainThread]: Encountered an error\n"},
		{name: "a new file since", log: debug, offset: len(debug) + 1},
		{name: "cut in the middle of a line", log: begun[:len(begun)-1], want: Log{Known: true, Begun: both}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "dbt.log")
			if err := os.WriteFile(file, []byte(tt.log), 0o600); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, ReadLog(file, int64(tt.offset))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	none := filepath.Join(t.TempDir(), "none")
	if log := ReadLog(none, 0); log.Known || !log.Silent {
		t.Errorf("a log that is not there told %+v", log)
	}
	if log := ReadLog(none, 1); log.Silent {
		t.Error("a log that is gone counts as silent")
	}
	if size := LogSize(none); size != 0 {
		t.Errorf("a log that is not there has %d bytes", size)
	}
}

func FuzzLog(f *testing.F) {
	f.Add("1 [debug] [T]: Began running node a\n1 [info ] [T]: 1 of 1 SKIP x\n1 [debug] [T]: Finished running node a")
	f.Add("1 [debug] [T]: Finished running node a\n")
	f.Fuzz(func(t *testing.T, text string) {
		log := parseLog(strings.NewReader(text))
		if len(log.Written)+len(log.Failed) > strings.Count(text, finished) {
			t.Errorf("%+v", log)
		}
	})
}

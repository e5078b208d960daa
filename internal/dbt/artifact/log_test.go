package artifact

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
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
		{name: "two nodes", log: earlier + debug + begun, offset: len(earlier), want: Log{Known: true, Begun: both, Open: both}},
		{name: "two that came to their end, and one that was skipped", log: begun + ended, want: Log{Known: true, Begun: both, Written: both[:1], Failed: both[1:]}},
		{name: "the end is not in the log", log: begun + strings.SplitAfter(ended, "\n")[0], want: Log{Known: true, Begun: both, Open: both}},
		{name: "only compiled", log: begun + ended[strings.Index(ended, "15:19:34.3"):strings.Index(ended, "15:19:34.5")], want: Log{Known: true, Begun: both}},
		{name: "none", log: earlier + debug, offset: len(earlier), want: Log{Known: true}},
		{name: "nothing written", log: earlier, offset: len(earlier), want: Log{Silent: true}},
		{name: "not at level debug", log: "15:19:33 [info ] [MainThread]: Encountered an error\n"},
		{name: "a new file since", log: debug, offset: len(debug) + 1},
		{name: "cut in the middle of a line", log: begun[:len(begun)-1], want: Log{Known: true, Begun: both, Open: both}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "dbt.log")
			if err := os.WriteFile(file, []byte(tt.log), 0o600); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, ReadLog(file, int64(tt.offset)), cmpopts.EquateEmpty()); diff != "" {
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

// dbt 2 writes text without threads, or JSON lines; dbt 1 writes JSON lines if asked to (recorded with
// 2.0.0-alpha.4 and shortened).
func TestReadLogOthers(t *testing.T) {
	nodes := map[string]Node{}
	for _, name := range []string{"fct_orders", "stg_orders", "customer_value"} {
		nodes["model.shop."+name] = Node{UniqueID: "model.shop." + name, ResourceType: "model", Schema: "dev", Alias: name}
	}
	const text = "==================== 2026-11-27T20:09:04.591446Z | 01a21ea0-3133-7ef2-9edb-6145815a2554 ====================\n" +
		"20:09:04.8 [info ]: Started model dev.stg_orders\n" +
		"20:09:04.8 [debug]: Started rendering model dev.stg_orders\n" +
		"20:09:04.9 [debug]: Finished rendering [  0.00s] model dev.stg_orders [success]\n" +
		"20:09:04.9 [info ]: Started running model dev.stg_orders\n" +
		"20:09:04.9 [info ]: Finished running [  0.03s] model dev.stg_orders [success]\n" +
		"20:09:04.9 [info ]:  Succeeded [  0.03s] model dev.stg_orders (view)\n" +
		"20:09:04.9 [info ]: Started running test dev_dbt_test__audit.unique_stg_orders_order_id\n" +
		"20:09:05.0 [info ]: Started running model dev.fct_orders\n" +
		"20:09:05.1 [info ]: Finished running [  1.02s] model dev.fct_orders [error]\n" +
		"20:09:05.2 [info ]: Started running model dev.customer_value\n" +
		"20:09:05.3 [info ]: Finished running [  0.00s] model dev.customer_value [skipped]\n"
	const compiled = "20:10:00.1 [info ]: Started model dev.customer_value\n" +
		"20:10:00.1 [debug]: Started rendering model dev.customer_value\n" +
		"20:10:00.2 [debug]: Finished rendering [  0.00s] model dev.customer_value [success]\n"
	event := func(code, level, id, status string) string {
		name := map[string]string{"Q012": "LogModelResult", "Q016": "LogSeedResult"}[code]
		return `{"data":{"node_info":{"unique_id":"` + id + `","node_status":"` + status + `"}},"info":{"code":"` + code + `","name":"` + name + `","level":"` + level + `"}}` + "\n"
	}
	node := func(id, status string, codes ...string) (lines string) {
		lines = event("Q024", "debug", id, "started")
		for _, code := range codes {
			lines += event(code, "info", id, status)
		}
		return lines + event("Q025", "debug", id, status)
	}
	json := node("model.shop.stg_orders", "success", "Q031", "Q016") +
		node("model.shop.fct_orders", "error", "Q031", "Q012") +
		node("model.shop.customer_value", "skipped")
	want := Log{
		Known: true, Begun: []string{"model.shop.stg_orders", "model.shop.fct_orders"},
		Written: []string{"model.shop.stg_orders"}, Failed: []string{"model.shop.fct_orders"},
	}
	onlyBegun := want
	onlyBegun.Begun = append(slices.Clone(want.Begun), "model.shop.customer_value")
	open := onlyBegun
	open.Open = []string{"model.shop.customer_value"}
	tests := []struct {
		name, log string
		want      Log
	}{
		{"text of dbt 2", text, want},
		{"text of dbt 2, then compiled", text + compiled, want},
		{"text of dbt 2, cut", text + "20:10:00.0 [info ]: Started running model dev.customer_value\n", open},
		{"JSON lines", json, want},
		{"JSON lines, then compiled by dbt 1", json + node("model.shop.customer_value", "success", "Q031"), onlyBegun},
		{"JSON lines, then compiled by dbt 2", json + node("model.shop.customer_value", "success", "Q012"), onlyBegun},
		{"JSON lines, cut", json + event("Q024", "debug", "model.shop.customer_value", "started"), open},
	}
	for _, tt := range tests {
		got := parseLog(strings.NewReader(tt.log)).ByRelation(nodes)
		if diff := cmp.Diff(tt.want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

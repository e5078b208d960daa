package standin_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEvents(t *testing.T) {
	dir := project(t, map[string]string{"tests/some.sql": "select * from {{ ref('raw') }}\n"})
	events := func(code int, line string, env ...string) (told []string) {
		for text := range strings.Lines(dbt(t, dir, code, line, env...)) {
			var e struct {
				Info struct{ Name, Level, Msg string }
				Data struct {
					Node struct {
						ID string `json:"unique_id"`
					} `json:"node_info"`
					Result struct{ Status string } `json:"run_result"`
				}
			}
			if err := json.Unmarshal([]byte(text), &e); err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			if e.Info.Level == "debug" || e.Data.Node.ID == "" {
				told = append(told, strings.TrimSpace(e.Info.Name+" "+e.Data.Node.ID+" "+e.Data.Result.Status))
			}
		}
		return told
	}
	want := []string{
		"MainReportVersion", "ConcurrencyLine",
		"NodeStart seed.shop.raw", "NodeFinished seed.shop.raw success",
		"NodeStart model.shop.clean", "Note", "NodeFinished model.shop.clean error",
		"NodeStart model.shop.sum", "NodeFinished model.shop.sum skipped",
		"NodeStart test.shop.some", "NodeFinished test.shop.some pass",
		"StatsLine", "MainEncounteredError",
	}
	if diff := cmp.Diff(want, events(1, "build --log-format json", "STANDIN_FAIL=clean", "DBT_LOG_LEVEL=debug")); diff != "" {
		t.Errorf("build (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"MainReportVersion", "PrintEvent"}, events(0, "list --resource-type seed", "DBT_LOG_FORMAT=json")); diff != "" {
		t.Errorf("list (-want +got):\n%s", diff)
	}
}

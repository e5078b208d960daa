package ui_test

import (
	"encoding/json"
	"testing"

	"dot-for-dbt/internal/ui"
)

// Characters that steer a terminal are escaped, and decode to the original.
func TestJSON(t *testing.T) {
	const name = "a\x1b[2J\x7f\u0085\u202eb <&> 日本"
	const escaped = `"a\u001b[2J\u007f\u0085\u202eb <&> 日本"`
	for want, write := range map[string]func(any) (string, error){
		`{"name":` + escaped + `,"list":[1,2]}`: ui.JSON,

		"{\n  \"name\": " + escaped + ",\n  \"list\": [\n    1,\n    2\n  ]\n}": ui.IndentedJSON,
	} {
		type value struct {
			Name string `json:"name"`
			List []int  `json:"list"`
		}
		text, err := write(value{name, []int{1, 2}})
		if err != nil {
			t.Fatal(err)
		}
		if text != want {
			t.Errorf("got\n%s\nwant\n%s", text, want)
		}
		var back value
		if err := json.Unmarshal([]byte(text), &back); err != nil || back.Name != name {
			t.Errorf("read back as %q, %v", back.Name, err)
		}
		if _, err := write(func() {}); err == nil {
			t.Error("a function is no JSON")
		}
	}
}

package durable

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

func TestSeal(t *testing.T) {
	sealed := Seal([]byte(`{"status":"failed","nodes":{"a":1}}`))
	var indented bytes.Buffer
	if err := json.Indent(&indented, sealed, "", " "); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		data string
		want bool
	}{
		{"as it was written", string(sealed), true},
		{"indented", indented.String() + "\n", true},
		{"edited", strings.Replace(string(sealed), "failed", "written", 1), false},
		{"without the seal", `{"status":"failed","nodes":{"a":1}}`, false},
		{"with the seal of another", strings.Replace(string(Seal([]byte(`{"a":1}`))), `"a":1`, `"a":2`, 1), false},
		{"cut short", string(sealed[:len(sealed)-1]), false},
		{"nothing", "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := Sealed([]byte(tt.data)); got != tt.want {
				t.Errorf("sealed: %t, want %t", got, tt.want)
			}
		})
	}
}

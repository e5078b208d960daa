package artifact

import (
	"strings"
	"testing"
)

func TestMoveParsed(t *testing.T) {
	long := "/" + strings.Repeat("d", 300)
	for name, tt := range map[string]struct {
		parsed, from, to, want string
		fails                  bool
	}{
		"a seed's root":    {parsed: "\x81\xa9root_path\xa4/a/w\xa1x", from: "/a/w", to: "/b/w", want: "\x81\xa9root_path\xa4/b/w\xa1x"},
		"a file's root":    {parsed: "\xacproject_root\xa8/a/w/pkg", from: "/a/w", to: "/longer/w", want: "\xacproject_root\xad/longer/w/pkg"},
		"several":          {parsed: "\xa9root_path\xa2/a\xacproject_root\xa2/a", from: "/a", to: "/b", want: "\xa9root_path\xa2/b\xacproject_root\xa2/b"},
		"none":             {parsed: "\xa9root_path\xc0", from: "/a", to: "/b", want: "\xa9root_path\xc0"},
		"another place":    {parsed: "\xa9root_path\xa6/a/why", from: "/a/w", to: "/b/w", want: "\xa9root_path\xa6/a/why", fails: true},
		"dbt's own macros": {parsed: "\xacproject_root\xa4/lib", from: "/a", to: "/b", want: "\xacproject_root\xa4/lib"},
		"a long path":      {parsed: "\xa9root_path\xa2/a", from: "/a", to: long, want: "\xa9root_path\xda\x01\x2d" + long},
		"from a long path": {parsed: "\xa9root_path\xda\x01\x2d" + long, from: long, to: "/a", want: "\xa9root_path\xa2/a"},
		"of middle length": {parsed: "\xa9root_path\xd9\x22" + long[:34], from: long[:34], to: long[:40], want: "\xa9root_path\xd9\x28" + long[:40]},
		"in a text":        {parsed: "\xa8raw_code\xa4-- /a/w", from: "/a/w", to: "/b/w", want: "\xa8raw_code\xa4-- /a/w", fails: true},
		"cut off":          {parsed: "\xa9root_path\xd9\xff/x", from: "/a", to: "/b", want: "\xa9root_path\xd9\xff/x"},
	} {
		got, ok := MoveParsed([]byte(tt.parsed), tt.from, tt.to)
		if string(got) != tt.want || ok == tt.fails {
			t.Errorf("%s: %q, %t", name, got, ok)
		}
	}
}

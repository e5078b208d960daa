package profile

import "testing"

// D.7, F.1: which packages may be different when they are installed again.
func TestMoves(t *testing.T) {
	const commit = "0123456789abcdef0123456789abcdef01234567"
	for _, tt := range []struct {
		name, item string
		want       bool
	}{
		{"a local package", "local: packages/money", false},
		{"a commit", "{git: https://example.com/a.git, revision: " + commit + "}", false},
		{"a branch", "{git: https://example.com/a.git, revision: main}", true},
		{"a short hash, which may be a branch", "{git: https://example.com/a.git, revision: 0123456}", true},
		{"no revision", "git: https://example.com/a.git", true},
		{"a version", "{package: ada/sizes, version: 1.0.0}", false},
		{"a version, in a list", "{package: ada/sizes, version: ['=1.0.0']}", false},
		{"a prerelease", "{package: ada/sizes, version: 1.0.0-rc1}", false},
		{"a range", "{package: ada/sizes, version: ['>=1.0.0', '<2.0.0']}", true},
		{"an open range", "{package: ada/sizes, version: '>=1.0.0'}", true},
		{"a version that dbt works out", `{package: ada/sizes, version: "{{ var('sizes') }}"}`, true},
		{"no version", "package: ada/sizes", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			packages, err := ParsePackages("packages.yml", []byte("packages:\n  - "+tt.item+"\n"))
			if err != nil || len(packages) != 1 {
				t.Fatalf("%v, %v", packages, err)
			}
			if got := packages[0].Moves(); got != tt.want {
				t.Errorf("moves: %t, want %t", got, tt.want)
			}
		})
	}
}

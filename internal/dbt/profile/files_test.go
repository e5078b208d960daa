package profile

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dot-for-dbt/internal/pyyaml"
)

// TestIsolatedPaths: relative paths of a profile become absolute, and nothing else changes.
func TestIsolatedPaths(t *testing.T) {
	for _, c := range []struct {
		name   string
		output []string // lines of the user's output
		want   []string // lines of the isolated one
	}{
		{"a DuckDB file", []string{"type: duckdb", "path: db/a.duckdb"}, []string{`path: /user/db/a.duckdb`}},
		{"Jinja stays", []string{"type: duckdb", `path: "{{ env_var('NONE', 'x') }}.duckdb"`}, []string{`path: "/user/{{ env_var('NONE', 'x') }}.duckdb"`}},
		{"Jinja that is absolute", []string{"type: duckdb", `path: "{{ env_var('NONE', '/x') }}.duckdb"`}, []string{`path: "{{ env_var('NONE', '/x') }}.duckdb"`}},
		{"Jinja that is unknown", []string{"type: duckdb", `path: "{{ nope() }}.duckdb"`}, []string{`path: "{{ nope() }}.duckdb"`}},
		{"in memory", []string{"type: duckdb", `path: ":memory:"`}, []string{`path: ":memory:"`}},
		{"MotherDuck", []string{"type: duckdb", `path: "md:shop"`}, []string{`path: "md:shop"`}},
		{"a DuckLake", []string{"type: duckdb", `path: "ducklake:meta.ducklake"`}, []string{`path: "ducklake:/user/meta.ducklake"`}},
		{"a DuckLake elsewhere", []string{"type: duckdb", `path: "ducklake:postgres:dbname=x"`}, []string{`path: "ducklake:postgres:dbname=x"`}},
		{"at home", []string{"type: duckdb", "path: ~/a.duckdb"}, []string{"path: ~/a.duckdb"}},
		{
			"attached",
			[]string{"type: duckdb", "path: /a.duckdb", "attach:", "  - path: b.duckdb", "  - {path: dbname=x, type: postgres}", "  - path: s3://bucket/c.duckdb"},
			[]string{"path: /a.duckdb", "attach:", "  -", "    path: /user/b.duckdb", "  -", "    path: dbname=x", "    type: postgres", "  -", "    path: s3://bucket/c.duckdb"},
		},
		{"settings", []string{"type: duckdb", "path: /a.duckdb", "settings: {home_directory: h, memory_limit: 1GB}"}, []string{"path: /a.duckdb", "settings:", "  home_directory: /user/h", "  memory_limit: 1GB"}},
		{"certificates", []string{"type: postgres", "schema: s", "sslrootcert: ca.pem", "sslkey: /etc/key"}, []string{"sslrootcert: /user/ca.pem", "sslkey: /etc/key"}},
		{"the system's certificates", []string{"type: postgres", "schema: s", "sslrootcert: system"}, []string{"sslrootcert: system"}},
		{"an adapter without a row", []string{"type: trino", "schema: s", "cert: true", "client_certificate: c.pem"}, []string{"cert: true", "client_certificate: /user/c.pem"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := isolatedFields(t, "/user", "", c.output...)
			want, err := pyyaml.Parse("want", []byte(strings.Join(c.want, "\n")+"\n"))
			if err != nil {
				t.Fatal(err)
			}
			all, err := want.Read()
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range all.Pairs {
				wantValue, err := p.Value.Value()
				if err != nil {
					t.Fatal(err)
				}
				gotValue, err := got.Get(p.Key.Text).Value()
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(wantValue, gotValue); diff != "" {
					t.Errorf("%s: %s", p.Key.Text, diff)
				}
			}
		})
	}
}

// TestBraces: a directory with braces is no Jinja.
func TestBraces(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "{{ x }}")
	text, _ := isolatedFields(t, dir, "", "type: duckdb", "path: a.duckdb").Get("path").Str()
	if want := "{% raw %}" + dir + "/{% endraw %}a.duckdb"; text != want {
		t.Errorf("path %s, want %s", text, want)
	}
}

// TestCanMove: only dbt-duckdb can't find a database below a directory with # or ?.
func TestCanMove(t *testing.T) {
	for _, c := range []struct {
		adapter, dir string
		want         bool
	}{{"duckdb", "/a b; c/%d", true}, {"duckdb", "/a #1", false}, {"duckdb", "/why?", false}, {"postgres", "/a #1", true}} {
		if got := chosen(t, shopOutput("type: "+c.adapter, "schema: s"), Choice{Target: "dev"}).CanMove(c.dir); got != c.want {
			t.Errorf("%s in %s: %t", c.adapter, c.dir, got)
		}
	}
}

// TestExternalRoot: the files of external models go to a directory of the build.
func TestExternalRoot(t *testing.T) {
	for _, c := range []struct{ root, want, dir string }{
		{"", "/build/external", "/build/external"},
		{"external_root: out", "/build/external", "/build/external"},
		{"external_root: .", "/build/external", "/build/external"},
		{"external_root: /data/", "/data/main_abc1234", "/data/main_abc1234"},
		{"external_root: s3://bucket/x", "s3://bucket/x/main_abc1234", ""},
	} {
		lines := []string{"type: duckdb", "path: a.duckdb"}
		if c.root != "" {
			lines = append(lines, c.root)
		}
		if got, _ := isolatedFields(t, "/user", "/build", lines...).Get("external_root").Str(); got != c.want {
			t.Errorf("%q: %s, want %s", c.root, got, c.want)
		}
		if got := chosen(t, shopOutput(lines...), Choice{Target: "dev", Scope: testScope}).ExternalDir("abc1234", "/build"); got != c.dir {
			t.Errorf("%q: directory %q, want %q", c.root, got, c.dir)
		}
	}
}

// isolatedFields returns the fields of an isolated output. The user's directory is user, the
// build's is build.
func isolatedFields(t *testing.T, user, build string, lines ...string) *pyyaml.Node {
	t.Helper()
	text, err := chosen(t, shopOutput(lines...), Choice{Target: "dev", Scope: testScope}).Absolute(user).Isolated("abc1234", "", build)
	if err != nil {
		t.Fatal(err)
	}
	root, err := pyyaml.Parse("isolated", text)
	if err != nil {
		t.Fatal(err)
	}
	n, err := root.Read()
	if err != nil {
		t.Fatal(err)
	}
	return n.Get("shop").Get("outputs").Get("dev")
}

func TestUnknownPaths(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "keys"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "keys", "a.pem"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	output := chosen(t, shopOutput("type: snowflake", "schema: dev", "private_key_path: keys/a.pem", "new_key: keys/a.pem",
		"more: {deep: [./keys]}", "old_key: keys/b.pem", "account: keys"), Choice{Target: "dev", Scope: testScope})
	if got, want := output.Absolute(dir).UnknownPaths(dir), []string{"more.deep", "new_key"}; !slices.Equal(got, want) {
		t.Errorf("found %q, want %q", got, want)
	}
}

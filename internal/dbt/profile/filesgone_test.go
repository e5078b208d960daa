package profile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dot-for-dbt/internal/hint"
)

// TestFilesGone finds files that an output names and that aren't there, before dbt runs.
func TestFilesGone(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "key.p8"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"KEYS": "keys", "DBT_ENV_SECRET_KEYS": "hush/hush"}
	for _, tt := range []struct{ name, output, warns, fails, hints string }{
		{name: "a key", output: "type: snowflake, private_key_path: key.p8"},
		{name: "no key", output: "type: snowflake, private_key_path: gone.p8", fails: "private_key_path names DIR/gone.p8, which does not exist", hints: "let private_key_path name the one"},
		{name: "an absolute path", output: "type: snowflake, private_key_path: /gone/key.p8", fails: "private_key_path names /gone/key.p8, which does not exist", hints: "put the file there"},
		{name: "Jinja", output: "type: snowflake, private_key_path: \"{{ env_var('KEYS') }}/x.p8\"", fails: "DIR/keys/x.p8, which does not exist", hints: "put"},
		{name: "Jinja that isn't known", output: "type: snowflake, private_key_path: \"{{ env_var('NONE') }}/x.p8\""},
		{name: "a secret path", output: "type: snowflake, private_key_path: \"{{ env_var('DBT_ENV_SECRET_KEYS') }}/x.p8\"", fails: "private_key_path names a file, which does not exist", hints: "put"},
		{name: "a directory", output: "type: snowflake, private_key_path: .", fails: "private_key_path names DIR, which is a directory", hints: "put"},
		{name: "home", output: "type: snowflake, private_key_path: ~/gone.p8"},
		{name: "a key as text", output: "type: snowflake, private_key: gone"},
		{name: "not a text", output: "type: snowflake, private_key_path: [gone]"},
		{name: "keyfile", output: "type: bigquery, method: service-account, keyfile: gone.json", fails: "keyfile names DIR/gone.json, which does not exist", hints: "put"},
		{name: "keyfile that isn't used", output: "type: bigquery, method: oauth, keyfile: gone.json", warns: "keyfile names DIR/gone.json, which does not exist"},
		{name: "certificate", output: "type: postgres, sslmode: verify-full, sslrootcert: gone.crt", fails: "sslrootcert names DIR/gone.crt, which does not exist", hints: "put"},
		{name: "the system's", output: "type: postgres, sslmode: verify-full, sslrootcert: system"},
		{name: "certificate that may be missing", output: "type: postgres, sslmode: require, sslrootcert: gone.crt, sslcert: key.p8", warns: "sslrootcert names DIR/gone.crt, which does not exist"},
		{name: "another adapter", output: "type: other, cert: gone.pem, client_cert: 'true'", warns: "cert names DIR/gone.pem, which does not exist"},
		{name: "DuckDB", output: "type: duckdb, path: new.duckdb"},
		{name: "DuckDB in a new directory", output: "type: duckdb, path: some/where/new.duckdb", fails: "path names DIR/some/where/new.duckdb, and its directory does not exist", hints: "make it: mkdir -p DIR/some/where"},
		{name: "DuckDB in a file", output: "type: duckdb, path: key.p8/new.duckdb", fails: "path names a file in another file", hints: "another file"},
		{name: "DuckDB in a secret directory", output: "type: duckdb, path: \"{{ env_var('DBT_ENV_SECRET_KEYS') }}/x.duckdb\"", fails: "path names a file in a directory that does not exist", hints: "make the directory"},
		{name: "DuckDB elsewhere", output: "type: duckdb, path: 'md:gone/x'"},
		{name: "DuckDB in memory", output: "type: duckdb, path: ':memory:'"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file, err := parse("profiles.yml", []byte("shop: {outputs: {dev: {"+tt.output+"}}}\n"))
			if err != nil {
				t.Fatal(err)
			}
			lookup := func(name string) (string, bool) { v, ok := env[name]; return v, ok }
			output, err := file.Choose(Choice{Profile: "shop", Target: "dev", Scope: Scope{Env: lookup}})
			if err != nil {
				t.Fatal(err)
			}
			real, err := filepath.EvalSymlinks(dir)
			if err != nil {
				t.Fatal(err)
			}
			warnings, err := output.FilesGone(real)
			says := func(what, got, want string) {
				want = strings.ReplaceAll(want, "DIR", real)
				if (got == "") != (want == "") || !strings.Contains(got, want) || strings.Contains(got, "hush") {
					t.Errorf("%s: got %q, want %q", what, got, want)
				}
			}
			message := ""
			if err != nil {
				message = err.Error()
			}
			says("error", message, tt.fails)
			says("hints", strings.Join(hint.Of(err), "; "), tt.hints)
			says("warnings", strings.Join(warnings, "; "), tt.warns)
		})
	}
}

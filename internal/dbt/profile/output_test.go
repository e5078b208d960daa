package profile

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dot-for-dbt/internal/pyyaml"
)

// adapterFields are the documented fields of common adapters, and whether dot may write them down.
var adapterFields = map[string]struct{ public, secret []string }{
	"postgres": {
		[]string{"type", "host", "user", "port", "dbname", "database", "schema", "threads", "keepalives_idle", "connect_timeout", "retries", "search_path", "role", "sslmode", "sslcert", "sslkey", "sslrootcert"},
		[]string{"password", "pass"},
	},
	"redshift": {
		[]string{"method", "cluster_id", "ra3_node", "autocreate", "autocommit", "iam_profile", "region", "db_groups", "is_serverless", "serverless_work_group", "idp_listen_port", "idp_response_timeout", "idc_region", "issuer_url", "query_group", "datasharing"},
		[]string{"password", "access_key_id", "secret_access_key", "token_endpoint_password", "client_secret"},
	},
	"snowflake": {
		[]string{"account", "user", "authenticator", "role", "database", "warehouse", "schema", "threads", "client_session_keep_alive", "query_tag", "connect_retries", "connect_timeout", "retry_on_database_errors", "retry_all", "reuse_connections", "host", "port", "protocol", "insecure_mode", "oauth_client_id"},
		[]string{"password", "private_key", "private_key_path", "private_key_passphrase", "token", "oauth_client_secret", "passcode"},
	},
	"bigquery": {
		[]string{"method", "project", "dataset", "keyfile", "location", "priority", "threads", "job_execution_timeout_seconds", "job_retries", "job_retry_deadline_seconds", "execution_project", "maximum_bytes_billed", "impersonate_service_account", "scopes", "quota_project", "gcs_bucket", "dataproc_region", "compute_region", "client_id", "token_uri"},
		[]string{"keyfile_json", "keyfile_json.project_id", "keyfile_json.private_key", "token", "refresh_token", "client_secret"},
	},
	"databricks": {
		[]string{"host", "http_path", "catalog", "schema", "threads", "auth_type", "client_id", "azure_client_id", "connect_retries", "session_properties", "compute"},
		[]string{"token", "client_secret", "azure_client_secret", "connection_parameters._tls_client_cert_key_password"},
	},
	"duckdb": {
		[]string{"path", "extensions", "settings.memory_limit", "settings.s3_region", "attach.0.path", "attach.0.alias", "attach.0.read_only", "plugins", "filesystems", "disable_transactions", "external_root", "is_ducklake", "database"},
		[]string{"secrets", "secrets.0.type", "secrets.0.key_id", "settings.s3_secret_access_key", "settings.s3_access_key_id", "settings.s3_session_token", "settings.motherduck_token", "filesystems.0.key", "filesystems.0.secret", "config_options.azure_storage_connection_string", "plugins.0.config.service_account_credentials", "api-key"},
	},
	"others": {
		[]string{"server", "driver", "encrypt", "trust_cert", "verify", "secure", "compression", "work_group", "s3_staging_dir", "region_name", "aws_profile_name", "partition_key", "sort_key"},
		[]string{"aws_secret_access_key", "aws_session_token", "jwt_token", "windows_login_pw", "PWD", "Password", "API_KEY", "apikey", "http_headers", "sas", "otp", "basic_auth", "dsn"},
	},
}

func TestIsSecretName(t *testing.T) {
	for adapter, fields := range adapterFields {
		for _, label := range fields.public {
			if isSecretLabel(label) {
				t.Errorf("%s: %s is taken for a secret", adapter, label)
			}
		}
		for _, label := range fields.secret {
			if !isSecretLabel(label) {
				t.Errorf("%s: %s is not taken for a secret", adapter, label)
			}
		}
	}
}

// isSecretLabel reports whether any part of a label is the name of a secret.
func isSecretLabel(label string) bool {
	return slices.ContainsFunc(strings.Split(label, "."), isSecretName)
}

// TestWithoutSecrets proves F.2.
func TestWithoutSecrets(t *testing.T) {
	for text, want := range map[string]string{
		"analytics":                                    "analytics",
		"{{ env_var('HOST') }}":                        "{{ env_var('HOST') }}",
		"md:db?motherduck_token=hunter2":               "md:db?motherduck_token=***",
		"md:db?user=1&motherduck_token=hunter2&x=y":    "md:db?user=1&motherduck_token=***&x=y",
		"md:db?motherduck_token={{ env_var('T') }}&x=": "md:db?motherduck_token=***&x=",
		"postgres://user:hunter2@host/db":              "postgres://***@host/db",
		"postgres://user:hun/ter2@host/db":             "postgres://***@host/db",
		"https://hunter2@host/x":                       "https://***@host/x",
		"https://u:{{ env_var('PW') }}@host/x":         "https://***@host/x",
		"https://host/x?a=1#y":                         "https://host/x?a=1#y",
		"dbname=x password=hunter2 host=y":             "dbname=x password=*** host=y",
		"Password = 'hunter 2';Server=y":               "Password = ***;Server=y",
		"postgres:dbname=x password=hunter2":           "postgres:dbname=x password=***",
		`{"private_key": "hunter2"}`:                   `{"private_key": ***`,
		"-----BEGIN PRIVATE KEY-----hunter2":           "***",
		"C:\\data\\shop.duckdb":                        "C:\\data\\shop.duckdb",
	} {
		if got := withoutSecrets(text); got != want {
			t.Errorf("withoutSecrets(%q) = %q, want %q", text, got, want)
		}
	}
}

// TestFields proves F.2.
func TestFields(t *testing.T) {
	out := chosen(t, "x: &x {region: eu, token: hunter2}\n"+shopOutput(
		"type: duckdb", "path: 'md:db?motherduck_token=hunter2'", "schema: \"{{ env_var('S') }}\"", "threads: 4", "port: '4'", "password: hunter2",
		"extensions: [httpfs, {name: x}]", "settings: {memory_limit: 1GB, s3_secret_access_key: hunter2}", "secrets: [{type: s3, secret: hunter2}]",
		"attach:", "  - path: postgres://u:hunter2@h/d", "    alias: a", "keyfile_json: {project_id: hunter2}", "merged: {<<: *x}", "empty: {}", "tagged: !!str 5",
	), Choice{Target: "dev"})
	want := []Field{
		{"type", "duckdb"},
		{"path", `"md:db?motherduck_token=***"`},
		{"schema", `"{{ env_var('S') }}"`},
		{"threads", "4"},
		{"port", `"4"`},
		{"extensions.0", "httpfs"},
		{"extensions.1.name", "x"},
		{"settings.memory_limit", "1GB"},
		{"attach.0.path", "postgres://***@h/d"},
		{"attach.0.alias", "a"},
		{"merged.region", "eu"},
		{"tagged", "!!str 5"},
	}
	if diff := cmp.Diff(want, out.Fields()); diff != "" {
		t.Error(diff)
	}
}

// TestFieldLabelsDiffer: a step that depends on two fields with the same label would fail. It
// proves F.2.
func TestFieldLabelsDiffer(t *testing.T) {
	for _, tt := range []struct {
		name  string
		lines []string
		want  []Field // those after type
	}{
		{"the last of two spellings counts, as in PyYAML", []string{"threads: 2", `"threads": 4`, "'threads': 5", "!!str threads: 6"}, []Field{{"threads", "6"}}},
		{
			"a dot in a key",
			[]string{"settings: {memory_limit: 1GB}", "settings.memory_limit: 2GB", `"settings.memory_limit": 3GB`},
			[]Field{{"settings.memory_limit", "1GB"}, {`"settings.memory_limit"`, "3GB"}},
		},
		{
			"quotes and brackets in a key",
			[]string{`a: {'b"."c': 1, b: {c: 2}}`, `'a"."b': {c: 3}`, `"[5]": 4`, "5: 5", "'5': 6", `"\"5\"": 7`},
			[]Field{{`a."b\".\"c"`, "1"}, {"a.b.c", "2"}, {`"a\".\"b".c`, "3"}, {`"[5]"`, "4"}, {"[5]", "5"}, {"5", "6"}, {`"\"5\""`, "7"}},
		},
		{
			"a key that is a text in quotes only",
			[]string{"yes: 1", "'yes': 2", "2.5: 3", "'2.5': 4", "2: {5: 5}", "2024-01-01: 6", "'2024-01-01': 7", "~: 8", "'~': 9", "!!int '5': 10", "'': 11"},
			[]Field{
				{"[yes]", "1"},
				{"yes", "2"},
				{`["2.5"]`, "3"},
				{`"2.5"`, "4"},
				{"[2].[5]", "5"},
				{"[2024-01-01]", "6"},
				{"2024-01-01", "7"},
				{`["~"]`, "8"},
				{`"~"`, "9"},
				{`["!!int \"5\""]`, "10"},
				{`""`, "11"},
			},
		},
		{"a list beside a key that looks like its label", []string{"a: [x, {b: y}]", "a.0: z", "a.1.b: z"}, []Field{{"a.0", "x"}, {"a.1.b", "y"}, {`"a.0"`, "z"}, {`"a.1.b"`, "z"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out := chosen(t, shopOutput(append([]string{"type: duckdb"}, tt.lines...)...), Choice{Target: "dev"})
			if diff := cmp.Diff(append([]Field{{"type", "duckdb"}}, tt.want...), out.Fields()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestOutputEnvVars proves F.2.
func TestOutputEnvVars(t *testing.T) {
	out := chosen(t, strings.Replace(shopOutput(
		"type: \"{{ env_var('TYPE', 'duckdb') }}\"", "host: \"{{ env_var('HOST') }}{{ env_var('HOST') }}\"", "password: \"{{ env_var('A') }}\"",
		"schema: \"{{ env_var('DBT_ENV_SECRET_S') }}\"", "path: \"md:x?motherduck_token={{ env_var('B') }}\"", "user: \"{{ env_var('C' ~ 'D') }}\"", "pass: \"{{ env_var(x) }}\"",
	), "  outputs", "  target: \"{{ env_var('T', 'dev') }}\"\n  outputs", 1), Choice{ProjectProfile: "{{ env_var('P', 'shop') }}"})
	public, all := out.EnvVars()
	if diff := cmp.Diff(EnvUse{Names: []string{"DBT_ENV_SECRET_S", "HOST", "TYPE"}, Computed: []string{"profiles.yml:10:13"}}, public); diff != "" {
		t.Errorf("public: %s", diff)
	}
	wantAll := EnvUse{Names: []string{"A", "B", "DBT_ENV_SECRET_S", "HOST", "P", "T", "TYPE"}, Computed: []string{"profiles.yml:10:13", "profiles.yml:11:13"}}
	if diff := cmp.Diff(wantAll, all); diff != "" {
		t.Errorf("all: %s", diff)
	}
}

func TestPlace(t *testing.T) {
	dir := resolvedTempDir(t)
	for _, c := range []struct {
		name   string
		output []string
		want   Place
	}{
		{"postgres", []string{"type: postgres", "host: DB.example.com", "port: 5432", "dbname: shop", "schema: s"}, Place{"postgres", "db.example.com", "shop", "s"}},
		{"another port", []string{"type: postgres", "host: db", "port: 5433", "database: shop", "schema: s"}, Place{"postgres", "db:5433", "shop", "s"}},
		{"from variables", []string{"type: postgres", "host: \"{{ env_var('NAME') }}\"", "dbname: \"{{ env_var('NAME') }}\"", "schema: \"{{ env_var('NAME') | lower }}_x\""}, Place{"postgres", "prod", "Prod", "prod_x"}},
		{"what can't be told stays text", []string{"type: postgres", "host: \"{{ env_var('MISSING') }}\"", "dbname: d", "schema: s"}, Place{"postgres", "{{ env_var('MISSING') }}", "d", "s"}},
		{"secrets stay text", []string{"type: postgres", "host: h", "dbname: \"{{ env_var('DBT_ENV_SECRET_PW') }}\"", "schema: s"}, Place{"postgres", "h", "{{ env_var('DBT_ENV_SECRET_PW') }}", "s"}},
		{"snowflake", []string{"type: snowflake", "account: AB123", "database: D", "schema: S"}, Place{"snowflake", "ab123", "D", "S"}},
		{"bigquery", []string{"type: bigquery", "project: p", "dataset: d"}, Place{"bigquery", "", "p", "d"}},
		{"databricks", []string{"type: databricks", "host: x.cloud", "catalog: c", "schema: s"}, Place{"databricks", "x.cloud", "c", "s"}},
		{"duckdb file", []string{"type: duckdb", "path: a/../shop.duckdb"}, Place{"duckdb", "", filepath.Join(dir, "shop.duckdb"), "main"}},
		{"duckdb in memory", []string{"type: duckdb"}, Place{"duckdb", "", ":memory:", "main"}},
		{"motherduck", []string{"type: duckdb", "path: 'md:shop?motherduck_token=hunter2'"}, Place{"duckdb", "", "md:shop?motherduck_token=***", "main"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			out := chosen(t, shopOutput(c.output...), Choice{Target: "dev", Scope: testScope})
			if diff := cmp.Diff(c.want, out.Place(dir, nil)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestPlaceFromSecrets proves F.2: two secrets are two places, and no secret is shown. A password
// inside a part is no part of a place.
func TestPlaceFromSecrets(t *testing.T) {
	dir := resolvedTempDir(t)
	hide := func(text string) string { return "<" + text + ">" }
	for _, c := range []struct {
		name   string
		output []string
		want   Place
		names  SecretNames
	}{
		{"database", []string{"type: postgres", "host: h", "dbname: \"{{ env_var('DBT_ENV_SECRET_PW') }}\"", "schema: s"}, Place{"postgres", "h", "<hunter2>", "s"}, SecretNames{Database: "hunter2"}},
		{"host and port", []string{"type: postgres", "host: \"{{ env_var('DBT_ENV_SECRET_PW') }}.db\"", "port: \"{{ env_var('DBT_ENV_SECRET_PW') }}\"", "dbname: d", "schema: s"}, Place{"postgres", "<hunter2.db>:<hunter2>", "d", "s"}, SecretNames{}},
		{"schema", []string{"type: postgres", "host: h", "dbname: d", "schema: \"x_{{ env_var('DBT_ENV_SECRET_PW') }}\""}, Place{"postgres", "h", "d", "<x_hunter2>"}, SecretNames{Schema: "x_hunter2"}},
		{"host in capitals", []string{"type: postgres", "host: \"X{{ env_var('DBT_ENV_SECRET_PW') }}\"", "dbname: d", "schema: s"}, Place{"postgres", "<xhunter2>", "d", "s"}, SecretNames{}},
		{"account", []string{"type: snowflake", "account: \"{{ env_var('DBT_ENV_SECRET_PW') }}\"", "database: D", "schema: S"}, Place{"snowflake", "<hunter2>", "D", "S"}, SecretNames{}},
		{"file", []string{"type: duckdb", "path: \"{{ env_var('DBT_ENV_SECRET_PW') }}.duckdb\""}, Place{"duckdb", "", "<" + filepath.Join(dir, "hunter2.duckdb") + ">", "main"}, SecretNames{Database: "hunter2"}},
		{"motherduck", []string{"type: duckdb", "path: \"md:{{ env_var('DBT_ENV_SECRET_PW') }}\""}, Place{"duckdb", "", "<md:hunter2>", "main"}, SecretNames{Database: "hunter2"}},
		{"a token is no place", []string{"type: duckdb", "path: \"md:shop?motherduck_token={{ env_var('DBT_ENV_SECRET_PW') }}\""}, Place{"duckdb", "", "md:shop?motherduck_token=***", "main"}, SecretNames{}},
		{"nothing secret", []string{"type: duckdb", "path: a.duckdb"}, Place{"duckdb", "", filepath.Join(dir, "a.duckdb"), "main"}, SecretNames{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			out := chosen(t, shopOutput(c.output...), Choice{Target: "dev", Scope: testScope})
			if diff := cmp.Diff(c.want, out.Place(dir, hide)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(c.names, out.SecretNames(dir)); diff != "" {
				t.Error(diff)
			}
			if shown := fmt.Sprint(out.Place(dir, nil)); strings.Contains(shown, "hunter2") {
				t.Errorf("for people: %s", shown)
			}
		})
	}
}

func TestDuckDBPath(t *testing.T) {
	dir := resolvedTempDir(t)
	if err := os.Mkdir(filepath.Join(dir, "real"), 0o755); err != nil {
		t.Fatal(err)
	}
	links := map[string]string{"link": "real", "file": filepath.Join("link", "later.duckdb"), "loop": "loop"}
	if runtime.GOOS != "windows" {
		for name, to := range links {
			if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	scope := Scope{Env: testEnv("HOME", dir, "DB", "x.duckdb")}
	for _, c := range []struct{ path, want string }{ // want is relative to dir, "" for no file
		{"shop.duckdb", "shop.duckdb"},
		{"./a/../shop.duckdb", "shop.duckdb"},
		{"real/shop.duckdb", "real/shop.duckdb"},
		{"link/shop.duckdb", "real/shop.duckdb"},
		{"link/not/there.duckdb", "real/not/there.duckdb"},
		{"file", "real/later.duckdb"},
		{"loop", "loop"},
		{"~/shop.duckdb", "shop.duckdb"},
		{"~shop.duckdb", "~shop.duckdb"},
		{"{{ env_var('DB') }}", "x.duckdb"},
		{filepath.Join(dir, "abs.duckdb"), "abs.duckdb"},
		{":memory:", ""},
		{":memory:named", ""},
		{"md:shop", ""},
		{"motherduck:shop", ""},
		{"ducklake:meta.db", ""},
		{"s3://bucket/x.duckdb", ""},
		{"''", ""},
	} {
		if runtime.GOOS == "windows" && (strings.HasPrefix(c.path, "link") || c.path == "file") {
			continue
		}
		path := pyyaml.Quote(c.path)
		if c.path == "''" {
			path = c.path
		}
		out := chosen(t, shopOutput("type: duckdb", "path: "+path), Choice{Target: "dev", Scope: scope})
		got, isFile, err := out.DuckDBPath(dir)
		want := ""
		if c.want != "" {
			want = filepath.Join(dir, filepath.FromSlash(c.want))
		}
		if got != want || isFile != (want != "") || err != nil {
			t.Errorf("%s: %q, %t, %v; want %q", c.path, got, isFile, err, want)
		}
	}
	if _, _, err := chosen(t, shopOutput("type: duckdb", "path: \"{{ env_var('MISSING') }}\""), Choice{Target: "dev"}).DuckDBPath(dir); err == nil {
		t.Error("a path from a variable that is not set: no error")
	}
	if _, isFile, err := chosen(t, shopOutput("type: postgres", "path: x"), Choice{Target: "dev"}).DuckDBPath(dir); isFile || err != nil {
		t.Errorf("another adapter: %t, %v", isFile, err)
	}
}

// resolvedTempDir returns a temporary directory without symbolic links in its path.
func resolvedTempDir(t *testing.T) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

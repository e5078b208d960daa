package dbt

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestIsolate proves D.6.
func TestIsolate(t *testing.T) {
	tests := []struct {
		name    string
		command string
		version string
		env     []string
		dotenv  string
		line    []Option
		reads   string
		want    IsolatedEnv // Overrule is compared by its words
		words   []string
	}{
		{
			name: "variables dbt does not know stay", command: "build",
			env:  []string{"HOME=/h", "DBT_PASSWORD=p", "DBT_ENV_SECRET_X=s", "DBT_ENV_CUSTOM_ENV_Y=y", "DBT_HOST=h", "DBT_USER="},
			want: IsolatedEnv{Env: []string{"HOME=/h", "DBT_PASSWORD=p", "DBT_ENV_SECRET_X=s", "DBT_ENV_CUSTOM_ENV_Y=y", "DBT_HOST=h", "DBT_USER="}},
		},
		{
			name: "the opposite flag", command: "build",
			env:   []string{"DBT_EMPTY=true", "DBT_DEFER=1", "DBT_WRITE_JSON=false", "DBT_QUIET=on"},
			words: []string{"--no-defer", "--no-empty", "--write-json", "--no-quiet"},
			want: IsolatedEnv{
				Env: []string{"DBT_EMPTY=true", "DBT_DEFER=1", "DBT_WRITE_JSON=false", "DBT_QUIET=on"},
				Notes: []string{
					"DBT_DEFER is overridden by --no-defer", "DBT_EMPTY is overridden by --no-empty",
					"DBT_WRITE_JSON is overridden by --write-json", "DBT_QUIET is overridden by --no-quiet",
				},
			},
		},
		{
			name: "dbt 2's own, and empty ones", command: "build", version: "2.0.0-alpha.4",
			env:   []string{"DBT_NO_FAVOR_STATE=1", "DBT_ENGINE_WRITE_METADATA=true", "DBT_STATE=", "DBT_EXPORT_SAVED_QUERIES=1", "DBT_USE_COLORS=1", "DBT_PACKAGES_INSTALL_PATH=/p", "DBT_COMPUTE=remote", "DBT_DEFER=1"},
			reads: "DBT_PACKAGES_INSTALL_PATH",
			words: []string{"--no-defer"},
			want: IsolatedEnv{
				Env: []string{"DBT_USE_COLORS=1", "DBT_PACKAGES_INSTALL_PATH=/p", "DBT_COMPUTE=remote", "DBT_DEFER=1"},
				Notes: []string{
					"DBT_NO_FAVOR_STATE is removed for dbt", "DBT_ENGINE_WRITE_METADATA is removed for dbt",
					"DBT_PACKAGES_INSTALL_PATH stays, because the project reads it; it also changes what dbt does",
					"DBT_DEFER is overridden by --no-defer", "DBT_EXPORT_SAVED_QUERIES is removed for dbt",
				},
			},
		},
		{
			name: "dbt 1's words and flags, for dbt 2", command: "build", version: "2.0.0-alpha.4",
			env: []string{"DBT_LOG_FORMAT_FILE=debug", "DBT_ENGINE_LOG_LEVEL=none", "DBT_LOG_LEVEL_FILE=info", "DBT_ENGINE_HINTS_ENABLED=1", "DBT_SINGLE_THREADED=1"},
			want: IsolatedEnv{
				Env:   []string{"DBT_LOG_LEVEL_FILE=info", "DBT_SINGLE_THREADED=1", "DBT_LOG_FORMAT_FILE=text", "DBT_ENGINE_LOG_LEVEL=off"},
				Notes: []string{"DBT_ENGINE_HINTS_ENABLED is removed for dbt"},
			},
		},
		{
			name: "what dbt does anyway", command: "build",
			env:  []string{"DBT_EMPTY=False", "DBT_DEFER=0", "DBT_WRITE_JSON=1", "DBT_FULL_REFRESH=", "DBT_WARN_ERROR=false"},
			want: IsolatedEnv{Env: []string{"DBT_EMPTY=False", "DBT_DEFER=0", "DBT_WRITE_JSON=1", "DBT_FULL_REFRESH=", "DBT_WARN_ERROR=false"}},
		},
		{
			name: "a value that is none is dbt's error without the flag", command: "build",
			env: []string{"DBT_DEFER=maybe"}, words: []string{"--no-defer"},
			want: IsolatedEnv{Env: []string{"DBT_DEFER=maybe"}, Notes: []string{"DBT_DEFER is overridden by --no-defer"}},
		},
		{
			name: "removed where there is no opposite", command: "build",
			env: []string{"A=a", "DBT_FULL_REFRESH=1", "DBT_STATE=s", "DBT_ENGINE_STATE=t", "B=b"},
			want: IsolatedEnv{
				Env:   []string{"A=a", "B=b"},
				Notes: []string{"DBT_ENGINE_STATE is removed for dbt", "DBT_STATE is removed for dbt", "DBT_FULL_REFRESH is removed for dbt"},
			},
		},
		{
			name: "the ENGINE form counts as well", command: "build",
			env: []string{"DBT_ENGINE_EMPTY=1"}, words: []string{"--no-empty"},
			want: IsolatedEnv{Env: []string{"DBT_ENGINE_EMPTY=1"}, Notes: []string{"DBT_ENGINE_EMPTY is overridden by --no-empty"}},
		},
		{
			name: "read by the project", command: "build", reads: "DBT_SAMPLE",
			env:  []string{"DBT_SAMPLE=1 day"},
			want: IsolatedEnv{Env: []string{"DBT_SAMPLE=1 day"}, Notes: []string{"DBT_SAMPLE stays, because the project reads it; it also changes what dbt does"}},
		},
		{
			name: "of a flag that dbt has not got yet", command: "build", version: "1.9.11",
			env:  []string{"DBT_SAMPLE=1 day"},
			want: IsolatedEnv{Env: []string{"DBT_SAMPLE=1 day"}},
		},
		{
			name: "a flag on the line wins over its variable", command: "build",
			line: []Option{NewOption("target", "dev"), NewOption("defer"), NewOption("full-refresh")},
			env:  []string{"DBT_TARGET=prod", "DBT_DEFER=1", "DBT_FULL_REFRESH=1"},
			want: IsolatedEnv{Env: []string{"DBT_TARGET=prod", "DBT_DEFER=1", "DBT_FULL_REFRESH=1"}},
		},
		{
			name: "renamed variables win over the flag", command: "build",
			line: []Option{NewOption("defer"), NewOption("state", "s"), NewOption("favor-state")},
			env:  []string{"DBT_DEFER_TO_STATE=0", "DBT_ARTIFACT_STATE_PATH=x", "DBT_FAVOR_STATE_MODE=0"},
			want: IsolatedEnv{Notes: []string{
				"DBT_ARTIFACT_STATE_PATH is removed for dbt", "DBT_DEFER_TO_STATE is removed for dbt", "DBT_FAVOR_STATE_MODE is removed for dbt",
			}},
		},
		{
			name: "of another command", command: "test",
			env:  []string{"DBT_EMPTY=1", "DBT_FULL_REFRESH=1"},
			want: IsolatedEnv{Env: []string{"DBT_EMPTY=1", "DBT_FULL_REFRESH=1"}},
		},
		{
			name: "a .env, since 1.12", command: "build", version: "1.12.6",
			dotenv: "# DBT_STATE=x\nexport DBT_FULL_REFRESH='1'\n DBT_EMPTY = false\nDBT_PASSWORD=p\n",
			env:    []string{"A=a"}, words: []string{"--no-empty"},
			want: IsolatedEnv{
				Env:   []string{"A=a", "DBT_FULL_REFRESH="},
				Notes: []string{"DBT_FULL_REFRESH is removed for dbt", "DBT_EMPTY is overridden by --no-empty"},
			},
		},
		{
			name: "a .env of a dbt that may be 1.12", command: "build",
			dotenv: "DBT_FULL_REFRESH=1\n",
			want:   IsolatedEnv{Env: []string{"DBT_FULL_REFRESH="}, Notes: []string{"DBT_FULL_REFRESH is removed for dbt"}},
		},
		{
			name: "a .env before 1.12", command: "build", version: "1.11.16",
			dotenv: "DBT_FULL_REFRESH=1\nDBT_EMPTY=1\n", want: IsolatedEnv{},
		},
		{
			name: "the environment wins over a .env", command: "build", version: "1.12.6",
			dotenv: "DBT_EMPTY=1\nDBT_FULL_REFRESH=1\n", env: []string{"DBT_EMPTY=0", "DBT_FULL_REFRESH="},
			want: IsolatedEnv{Env: []string{"DBT_EMPTY=0", "DBT_FULL_REFRESH="}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "shop")
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "..", ".env"), []byte(tt.dotenv), 0o600); err != nil {
				t.Fatal(err)
			}
			got := Inherited{
				Env: tt.env, DotEnv: ReadDotEnv(tt.version, DotEnvFile(tt.version, "", dir), tt.env), Line: CommandLine{Command: command(t, tt.command).In(tt.version), Options: tt.line},
				Reads: func(name string) bool { return name == tt.reads },
			}.Isolate()
			var words []string
			for _, o := range got.Overrule {
				words = append(words, o.Words()...)
			}
			if diff := cmp.Diff(tt.words, words); diff != "" {
				t.Errorf("overruling options (-want +got):\n%s", diff)
			}
			got.Overrule = nil
			if len(got.Env) == 0 {
				got.Env = nil
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("environment (-want +got):\n%s", diff)
			}
		})
	}
}

// TestWarnErrors proves D.6: the variables for warnings as errors count, unless an option does.
func TestWarnErrors(t *testing.T) {
	for _, tt := range []struct {
		name string
		env  []string
		line []Option
		want []string
	}{
		{"none", []string{"DBT_WARN_ERROR=", "DBT_WARN_ERROR_OPTIONS="}, nil, nil},
		{"off", []string{"DBT_WARN_ERROR=0"}, nil, nil},
		{"all", []string{"DBT_WARN_ERROR=true"}, nil, []string{"--warn-error"}},
		{"all, by the other name", []string{"DBT_ENGINE_WARN_ERROR=1"}, nil, []string{"--warn-error"}},
		{"some", []string{"DBT_WARN_ERROR_OPTIONS={error: all}"}, nil, []string{"--warn-error-options", "{error: all}"}},
		{"an option wins", []string{"DBT_WARN_ERROR_OPTIONS={error: all}"}, []Option{NewOption("warn-error-options", "{}")}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var words []string
			for _, o := range (Inherited{Env: tt.env, Line: CommandLine{Command: command(t, "build"), Options: tt.line}}).WarnErrors() {
				words = append(words, o.Words()...)
			}
			if diff := cmp.Diff(tt.want, words); diff != "" {
				t.Errorf("options (-want +got):\n%s", diff)
			}
		})
	}
}

package dbt

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// readArgs parses a user's arguments.
func readArgs(t *testing.T, c Command, argv ...string) Args {
	t.Helper()
	args, err := ReadArgs(c, argv, Rules{})
	if err != nil {
		t.Fatal(err)
	}
	return args
}

// TestArgv proves A.8, D.6.
func TestArgv(t *testing.T) {
	fixed := []Option{NewOption("project-dir", "/p"), NewOption("target", "dev"), NewOption("defer"), NewOption("favor-state")}
	environment := []Option{NewOption("threads", "8"), NewOption("target", "other"), NewOption("exclude", "x")}
	tests := []struct {
		name    string
		command string
		user    []string
		want    []string
	}{
		{
			"dot's, the environment's, the user's", "build",
			[]string{"-s", "orders+"},
			[]string{
				"uv", "run", "dbt", "build", "--project-dir", "/p", "--target", "dev", "--defer", "--favor-state",
				"--threads", "8", "--exclude", "x", "-s", "orders+",
			},
		},
		{
			"the user's beat the others", "test",
			[]string{"--no-favor-state", "--threads", "1", "--exclude=y", "--new", "z"},
			[]string{
				"uv", "run", "dbt", "test", "--project-dir", "/p", "--target", "dev", "--defer",
				"--no-favor-state", "--threads", "1", "--exclude=y", "--new", "z",
			},
		},
		{
			"a macro's name comes first", "run-operation",
			[]string{"--args", "{a: 1}", "grant_all"},
			[]string{
				"uv", "run", "dbt", "run-operation", "grant_all", "--project-dir", "/p", "--target", "dev", "--defer",
				"--favor-state", "--threads", "8", "--exclude", "x", "--args", "{a: 1}",
			},
		},
		{
			"words like options come last", "docs generate",
			[]string{"--no-compile", "--", "-x"},
			[]string{
				"uv", "run", "dbt", "docs", "generate", "--project-dir", "/p", "--target", "dev", "--defer",
				"--favor-state", "--threads", "8", "--exclude", "x", "--no-compile", "--", "-x",
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := command(t, tt.command)
			args := readArgs(t, c, tt.user...)
			line := CommandLine{
				DBT: []string{"uv", "run", "dbt"}, Command: c, Fixed: fixed, Environment: environment,
				Options: args.Options, Positional: args.Positional,
			}
			if diff := cmp.Diff(tt.want, line.Argv()); diff != "" {
				t.Errorf("argv (-want +got):\n%s", diff)
			}
			for _, o := range line.AllOptions() {
				if got, ok := line.Lookup(o.Flag); !ok || !cmp.Equal(got, o) {
					t.Errorf("--%s is %v, want %v", o.Flag, got, o)
				}
			}
		})
	}
}

// TestList proves D.8.
func TestList(t *testing.T) {
	output := []string{"--write-json", "--no-quiet", "--log-format", "json", "--log-level", "info", "--no-use-colors", "--output", "json", "--output-keys", listKeys}
	tests := []struct {
		name    string
		command string
		user    []string
		before  []string // the output options
		after   []string
	}{
		{"build keeps the selection only", "build", []string{"-s", "a", "-f", "--threads", "2", "-q", "--new"}, nil, []string{"-s", "a"}},
		{"run is models", "run", []string{"--exclude", "a"}, []string{"--resource-types", "model"}, []string{"--exclude", "a"}},
		{"test is unit tests, too", "test", nil, []string{"--resource-types", "test", "unit_test"}, nil},
		{"test with types of the user's", "test", []string{"--resource-type", "unit_test"}, nil, []string{"--resource-type", "unit_test"}},
		{"-m means models only to list", "seed", []string{"-m", "a", "b"}, []string{"--resource-types", "seed"}, []string{"--select", "a", "b"}},
		{"state", "clone", []string{"--state", "s"}, []string{"--resource-types", "model", "seed", "snapshot"}, []string{"--state", "s"}},
		{"warnings as errors", "build", []string{"--warn-error"}, nil, []string{"--warn-error"}},
		{"retry has no selection", "retry", []string{"--threads", "2"}, nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := command(t, tt.command)
			args := readArgs(t, c, tt.user...)
			got := CommandLine{
				DBT: []string{"dbt"}, Command: c, Options: args.Options,
				Fixed: []Option{NewOption("target-path", "/t"), NewOption("vars", "{}")},
			}.List().Argv()
			want := append([]string{"dbt", "list", "--target-path", "/t", "--vars", "{}"}, tt.before...)
			want = append(append(want, output...), tt.after...)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("argv (-want +got):\n%s", diff)
			}
		})
	}
	before := CommandLine{DBT: []string{"dbt"}, Command: command(t, "test").In("1.7.19")}.List().Argv()
	if slices.Contains(before, "unit_test") {
		t.Errorf("dbt 1.7 has no unit tests: %q", before)
	}
}

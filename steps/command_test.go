package steps_test

import (
	"testing"
	"time"

	"dot-for-dbt/config"
)

// TestMaxAge proves C.9, F.2.
func TestMaxAge(t *testing.T) {
	tests := []struct {
		name, flag, environment string
		want                    time.Duration // 0: no limit
		always                  string
	}{
		{name: "by default", want: 12 * time.Hour},
		{name: "of the environment", environment: "7d", want: 7 * 24 * time.Hour},
		{name: "of the command line", flag: "30m", want: 30 * time.Minute},
		{name: "of both", flag: "30m", environment: "7d", want: 30 * time.Minute},
		{name: "never too old", flag: "never", environment: "7d"},
		{name: "never too old in the environment", environment: "never"},
		{name: "always", flag: "0", environment: "7d", always: "max-age is 0"},
		{name: "always in the environment", environment: "0", always: "max-age is 0"},
		{name: "not always", flag: "never", environment: "0"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			if test.flag != "" {
				age, err := config.ParseAge(test.flag)
				if err != nil {
					t.Fatal(err)
				}
				b.req.MaxAge = &age
			}
			if test.environment != "" {
				b.replace("dot_environments.yml", "{vars: {days: 30}}", "{dot: {max-age: "+test.environment+"}}")
			}
			step := b.step()
			if step.MaxAge != test.want || step.Always != test.always {
				t.Errorf("max-age is %v, always %q; want %v, %q", step.MaxAge, step.Always, test.want, test.always)
			}
		})
	}
}

// TestNeverSkipped proves F.2.
func TestNeverSkipped(t *testing.T) {
	const computed = "env_var with a computed name at models/any.sql:2: declare what it reads with dot: {env: […]}"
	tests := []struct {
		name, command, selection string
		dot                      string // the environment's settings
		computed                 bool   // a model reads a variable with a computed name
		want                     string // "" if it may be skipped
	}{
		{name: "build", command: "build"},
		{name: "a selection of build", command: "build", selection: "-s"},
		{name: "run", command: "run"},
		{name: "seed", command: "seed"},
		{name: "parse", command: "parse"},
		{name: "docs generate", command: "docs generate"},
		{name: "compile", command: "compile"},
		{name: "a selection of compile", command: "compile", selection: "-s", want: "dbt compile always runs"},
		{name: "a selector of compile", command: "compile", selection: "--selector", want: "dbt compile always runs"},
		{name: "test", command: "test", want: "dbt test always runs"},
		{name: "snapshot", command: "snapshot", want: "dbt snapshot always runs"},
		{name: "show", command: "show", want: "dbt show always runs"},
		{name: "source freshness", command: "source freshness", want: "dbt source freshness always runs"},
		{name: "list", command: "list", want: "dbt list always runs"},
		{name: "a computed name", command: "build", computed: true, want: computed},
		{name: "a computed name that is declared", command: "build", computed: true, dot: "env: [A]"},
		{name: "a computed name that reads nothing", command: "build", computed: true, dot: "env: []"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.command(test.command)
			if test.selection != "" {
				b.req.Args = []string{test.selection, "orders"}
			}
			if test.dot != "" {
				b.replace("dot_environments.yml", "{vars: {days: 30}}", "{dot: {"+test.dot+"}}")
			}
			if test.computed {
				b.write("models/any.sql", "select\n  '{{ env_var('A' ~ target.name) }}'\n")
				b.git("add", "-A")
				b.git("commit", "-qm", "Read any")
			}
			if got := b.step().Always; got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

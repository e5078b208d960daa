package dbt

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dot-for-dbt/internal/testing/dbttest"
)

// clickLine is a command line and the options that click reads from it: testdata/click/lines.json,
// made by lines.py.
type clickLine struct {
	Command string            `json:"command"`
	Argv    []string          `json:"argv"`
	Options map[string]string `json:"options,omitempty"`
	Rest    []string          `json:"rest,omitempty"`
	Error   string            `json:"error,omitempty"`
}

func clickLines(t testing.TB) []clickLine {
	t.Helper()
	data, err := os.ReadFile("testdata/click/lines.json")
	if err != nil {
		t.Fatal(err)
	}
	var lines []clickLine
	if err := json.Unmarshal(data, &lines); err != nil {
		t.Fatal(err)
	}
	return lines
}

// A.1: dot reads each line as click does, and the line that dot writes means the same.
func TestReadArgsIsClick(t *testing.T) {
	for _, line := range clickLines(t) {
		t.Run(line.Command+" "+strings.Join(line.Argv, " "), func(t *testing.T) {
			r := argReader{command: command(t, line.Command), rest: line.Argv}
			var err error
			for len(r.rest) > 0 && err == nil {
				err = r.next()
			}
			if line.Error != "" {
				unknown := func(o Option) bool {
					return o.Flag == "" || !r.command.Takes(o.Flag)
				}
				if err == nil && !slices.ContainsFunc(r.options, unknown) {
					t.Errorf("click says %s, dot reads %v", line.Error, r.options)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(line.Options, asClick(t, r.command, r.options)); diff != "" {
				t.Errorf("options (-click +dot):\n%s", diff)
			}
			if !slices.Equal(line.Rest, r.positional) {
				t.Errorf("positional words %q, click has %q", r.positional, line.Rest)
			}

			again := argReader{command: r.command}
			again.rest = CommandLine{Command: r.command, Options: r.options, Positional: r.positional}.Argv()[len(r.command.Words()):]
			for len(again.rest) > 0 {
				if err := again.next(); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(line.Options, asClick(t, again.command, again.options)); diff != "" {
				t.Errorf("options of the written line (-click +dot):\n%s", diff)
			}
			if !slices.Equal(line.Rest, again.positional) {
				t.Errorf("positional words of the written line %q, click has %q", again.positional, line.Rest)
			}
		})
	}
}

// asClick writes options in the format of lines.py.
func asClick(t *testing.T, c Command, options []Option) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, o := range options {
		name := strings.ReplaceAll(o.Flag, "-", "_")
		if c.Name == "list" && strings.HasPrefix(o.Text[0], "-m") {
			name = "models" // dbt list has models as a separate option
		}
		value := strings.Join(o.Values, " ")
		if f, _ := LookupFlag(o.Flag); f.Arity == None {
			value = map[bool]string{true: "False", false: "True"}[o.Negated]
		}
		out[name] = value
	}
	return out
}

// The committed table is up to date with the installed dbt.
func TestClickLines(t *testing.T) {
	var now []clickLine
	if err := json.Unmarshal(dbttest.Python(t, "testdata/click/lines.py", "testdata/click/lines.json"), &now); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(clickLines(t), now); diff != "" {
		t.Errorf("testdata/click/lines.json (-committed +installed):\n%s", diff)
	}
}

// TestReadArgs proves A.1, A.8.
func TestReadArgs(t *testing.T) {
	tests := []struct {
		name string
		argv []string
		want Args
	}{
		{"nothing", nil, Args{}},
		{
			"target, profile and vars are taken out",
			[]string{"-t", "prod", "-s", "a", "--profile=p", "--vars", "{rate: 0.1}"},
			Args{
				Target: "prod", Profile: "p", Vars: map[string]any{"rate": 0.1},
				Options: []Option{{Flag: "select", Values: []string{"a"}, Text: []string{"-s", "a"}}},
			},
		},
		{
			"the last of two vars",
			[]string{"--vars", "{a: 1}", "--vars", "{b: 2}"},
			Args{Vars: map[string]any{"b": int64(2)}},
		},
		{
			"an option of a newer dbt, as typed",
			[]string{"--new-thing", "1", "2", "-x"},
			Args{Options: []Option{
				{Text: []string{"--new-thing", "1", "2"}},
				{Flag: "fail-fast", Text: []string{"-x"}},
			}},
		},
		{
			"each flag once, in its first place",
			[]string{"-s", "a", "--threads", "1", "-s", "b", "--threads", "2"},
			Args{Options: []Option{
				{Flag: "select", Values: []string{"a", "b"}},
				{Flag: "threads", Values: []string{"2"}, Text: []string{"--threads", "2"}},
			}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ReadArgs(command(t, "build"), tt.argv, Rules{Isolated: true})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("ReadArgs (-want +got):\n%s", diff)
			}
		})
	}
}

// TestReadArgsRefuses proves A.8.
func TestReadArgsRefuses(t *testing.T) {
	both := Rules{Isolated: true, Deferring: true}
	tests := []struct {
		name  string
		argv  []string
		rules Rules
	}{
		{"profiles-dir", []string{"--profiles-dir", "x"}, Rules{Isolated: true}},
		{"profiles-dir with =", []string{"-x", "--profiles-dir=x"}, Rules{Isolated: true}},
		{"project-dir", []string{"--project-dir=x"}, Rules{Isolated: true}},
		{"target-path", []string{"-s", "a", "--target-path", "x"}, Rules{Isolated: true}},
		{"log-path", []string{"--unknown", "--log-path", "x"}, Rules{Isolated: true}},
		{"no artifacts", []string{"--no-write-json"}, Rules{Isolated: true}},
		{"state beside defer", []string{"--state", "x"}, both},
		{"defer-state beside defer", []string{"--defer-state=x"}, both},
		{"no-defer beside defer", []string{"--no-defer"}, both},
		{"a value for a flag without", []string{"--defer=yes"}, both},
		{"a value is missing", []string{"--threads"}, both},
		{"vars are no mapping", []string{"--vars", "a"}, both},
		{"vars are empty", []string{"--vars", ""}, both},
		{"vars are no YAML", []string{"--vars", "{a: [1}"}, both},
		{"vars with a tag", []string{"--vars", "{a: !!python/name:os.system x}"}, both},
	}
	var golden dbttest.Errors
	for _, tt := range tests {
		_, err := ReadArgs(command(t, "build"), tt.argv, tt.rules)
		golden.Add(t, tt.name, err)
	}
	golden.Compare(t, "args_errors")
}

// TestReadArgsAllows proves A.8.
func TestReadArgsAllows(t *testing.T) {
	for _, argv := range [][]string{
		{"--state", "x", "--defer"},
		{"--defer-state", "x"},
		{"--no-defer"},
	} {
		if _, err := ReadArgs(command(t, "build"), argv, Rules{Isolated: true}); err != nil {
			t.Errorf("%q without dot's --defer: %v", argv, err)
		}
	}
	for _, argv := range [][]string{{"--profiles-dir", "x"}, {"--target-path=x"}} {
		if _, err := ReadArgs(command(t, "build"), argv, Rules{}); err != nil {
			t.Errorf("%q on the working tree: %v", argv, err)
		}
	}
}

// No option that click would see, and dot must refuse, gets lost: the line that dot writes has the
// same options.
func FuzzReadArgs(f *testing.F) {
	for _, line := range clickLines(f) {
		f.Add(line.Command, strings.Join(line.Argv, "\x00"))
	}
	f.Fuzz(func(t *testing.T, name, joined string) {
		c, ok := LookupCommand(name)
		if !ok {
			return
		}
		args, err := ReadArgs(c, strings.Split(joined, "\x00"), Rules{Isolated: true, Deferring: true})
		if err != nil {
			return
		}
		for _, flag := range []string{"project-dir", "profiles-dir", "target-path", "log-path", "state", "defer-state", "target", "profile", "vars"} {
			if o, ok := Lookup(args.Options, flag); ok {
				t.Errorf("%+v came through", o)
			}
		}
		argv := CommandLine{Command: c, Options: args.Options, Positional: args.Positional}.Argv()[len(c.Words()):]
		again, err := ReadArgs(c, argv, Rules{Isolated: true, Deferring: true})
		if err != nil {
			t.Fatalf("reading %q again: %v", argv, err)
		}
		rewritten := CommandLine{Command: c, Options: again.Options, Positional: again.Positional}.Argv()[len(c.Words()):]
		if diff := cmp.Diff(argv, rewritten); diff != "" {
			t.Errorf("the line changed when it was read again (-first +second):\n%s", diff)
		}
	})
}

package run

import (
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dot-for-dbt/internal/dbt/artifact"
)

// TestExecEvents runs a shell in place of dbt. It checks the variables the shell gets, and the
// events from its output.
func TestExecEvents(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("needs a shell")
	}
	const script = `echo "$DBT_LOG_FORMAT $DBT_LOG_LEVEL $DBT_LOG_FORMAT_FILE $DBT_LOG_LEVEL_FILE"
echo '{"info": {"name": "Note", "level": "info", "msg": "an event"}}'
echo complaint >&2
printf 'no end'
exit 1`
	tests := map[string]struct {
		flags, env []string
		want       []string
	}{
		"asked for":        {nil, nil, []string{"json debug debug debug", "an event"}},
		"the file's own":   {nil, []string{"DBT_LOG_FORMAT_FILE=json"}, []string{"json debug json debug", "an event"}},
		"not quiet":        {[]string{"--no-quiet"}, []string{"DBT_QUIET=1"}, []string{"json debug debug debug", "an event"}},
		"quiet":            {[]string{"-q"}, nil, []string{"   "}},
		"quiet, inherited": {nil, []string{"DBT_ENGINE_QUIET=true"}, []string{"   "}},
		"debug":            {[]string{"--debug"}, nil, []string{"   "}},
		"a format":         {[]string{"--log-format=text"}, nil, []string{"   "}},
		"a level":          {nil, []string{"DBT_LOG_LEVEL=warn"}, []string{" warn  "}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var got []string
			exit, err := Exec{}.Run(t.Context(), Call{
				Argv: append([]string{"/bin/sh", "-c", script, "sh", "build"}, tt.flags...), Env: slices.Concat([]string{}, tt.env),
				Events: func(e artifact.Event) { got = append(got, e.Message) },
			})
			if err != nil || exit.Code != 1 {
				t.Fatalf("exit %v, %v", exit, err)
			}
			want := slices.Clone(tt.want)
			if len(want) == 1 {
				want = append(want, `{"info": {"name": "Note", "level": "info", "msg": "an event"}}`)
			}
			want = append(want, "complaint", "no end")
			slices.Sort(got) // the order of the two streams is undefined
			slices.Sort(want)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
		})
	}
}

func TestExecEventsNeedsNoEnvironment(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("needs a shell")
	}
	t.Setenv("DOT_TEST_INHERITED", "yes")
	var got strings.Builder
	_, err := Exec{}.Run(t.Context(), Call{
		Argv:   []string{"/bin/sh", "-c", "echo $DOT_TEST_INHERITED"},
		Events: func(e artifact.Event) { got.WriteString(e.Message) },
	})
	if err != nil || got.String() != "yes" {
		t.Errorf("got %q, %v", got.String(), err)
	}
}

package run

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/creack/pty"
	"github.com/google/go-cmp/cmp"

	"dot-for-dbt/internal/dbt/tool"
	"dot-for-dbt/internal/proc"
)

// A venue is a dbt, the stand-in of testdata/site-packages, and its runner.
type venue struct {
	t       *testing.T
	script  string
	env     []string
	hosting Hosting
	l       *Launcher
}

func newVenue(t *testing.T) *venue {
	t.Helper()
	python := os.Getenv("DOT_TEST_PYTHON")
	if python == "" {
		t.Skip("DOT_TEST_PYTHON names no interpreter that has dbt")
	}
	packages, err := filepath.Abs("testdata/site-packages")
	if err != nil {
		t.Fatal(err)
	}
	v := &venue{t: t, script: filepath.Join(t.TempDir(), "dbt")}
	script := "#!" + python + `
# -*- coding: utf-8 -*-
import re
import sys
from dbt.cli.main import cli
if __name__ == '__main__':
    sys.argv[0] = re.sub(r'(-script\.pyw|\.exe)?$', '', sys.argv[0])
    sys.exit(cli())
`
	if err := os.WriteFile(v.script, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	v.env = []string{"PATH=" + os.Getenv("PATH"), "LANG=C.UTF-8", "PYTHONPATH=" + packages, "PYTHONDONTWRITEBYTECODE=1"}
	v.hosting = Hosting{
		Tool:    tool.Tool{Argv: []string{v.script}, Path: v.script, Release: tool.Release{Version: "1.11.16"}},
		Adapter: "duckdb",
	}
	return v
}

// call is a call of the stand-in.
func (v *venue) call(env []string, args ...string) Call {
	return Call{Argv: append([]string{v.script}, args...), Dir: v.t.TempDir(), Env: slices.Concat(v.env, env), Hosting: v.hosting}
}

// launcher returns a launcher that expects enough commands for a host. The host ends with the test.
func (v *venue) launcher(env ...string) *Launcher {
	v.t.Helper()
	v.l = &Launcher{}
	v.t.Cleanup(v.l.Close)
	v.l.Expect(v.t.Context(), 2, v.hosting, slices.Concat(v.env, env))
	return v.l
}

// wantWays compares the launcher's notes on how dbt ran.
func (v *venue) wantWays(want ...string) {
	v.t.Helper()
	got := v.l.Ways()
	for i := range got {
		got[i] = strings.TrimPrefix(got[i], v.script+" ran ")
	}
	if diff := cmp.Diff(want, got); diff != "" {
		v.t.Errorf("how it ran (-want +got):\n%s", diff)
	}
}

// wantHosted fails the test if a command did not run in a host.
func (v *venue) wantHosted() {
	v.t.Helper()
	v.wantWays("in a host, which imports dbt once")
}

// ran is the outcome of a call.
type ran struct {
	Exit           proc.Exit
	Err            string
	Stdout, Stderr string
}

func run(ctx context.Context, r Runner, call Call) ran {
	var stdout, stderr bytes.Buffer
	if call.Stdout == nil {
		call.Stdout, call.Stderr = &stdout, &stderr
	}
	var err error
	var out ran
	out.Exit, err = r.Run(ctx, call)
	if err != nil {
		out.Err = err.Error()
	}
	out.Stdout, out.Stderr = stdout.String(), stderr.String()
	if _, ok := r.(*Launcher); ok {
		out.Stdout = withoutLife(out.Stdout)
	}
	return out
}

var descriptors = regexp.MustCompile(`("descriptors": )(\d+)`)

// withoutLife removes from a command's description the one descriptor that only a command in a host
// has: its sign of life.
func withoutLife(state string) string {
	return descriptors.ReplaceAllStringFunc(state, func(text string) string {
		m := descriptors.FindStringSubmatch(text)
		n, _ := strconv.Atoi(m[2])
		return m[1] + strconv.Itoa(n-1)
	})
}

// Neither a command nor its caller can tell that it is a host's child.
func TestHostedIsAsExec(t *testing.T) {
	v := newVenue(t)
	l := v.launcher()
	for _, tt := range []struct {
		name string
		env  []string
		args []string
	}{
		{"state", nil, []string{"state", "ä", "two words", ""}},
		{"environment", []string{"TZ=Asia/Tokyo", "DBT_X=1", "B=\xff\xfe", "E=", "DBT_X=2"}, []string{"state"}},
		{"success", nil, nil},
		{"exit code", nil, []string{"exit", "2"}},
		{"large exit code", nil, []string{"exit", "257"}},
		{"exit with a text", nil, []string{"say", "no such thing"}},
		{"exception", nil, []string{"raise", "oops"}},
		{"interrupt", nil, []string{"interrupt"}},
		{"signal", nil, []string{"die", "15"}},
		{"output", nil, []string{"mixed"}},
		{"late output", nil, []string{"late"}},
		{"output that can't be written", nil, []string{"broken"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			call := v.call(tt.env, tt.args...)
			want, got := run(t.Context(), Exec{}, call), run(t.Context(), l, call)
			if slices.Contains(tt.args, "state") && !want.Exit.OK() {
				t.Fatalf("the stand-in fails: %+v", want)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-exec +host):\n%s", diff)
			}
			one := &bytes.Buffer{}
			call.Stdout, call.Stderr = one, one
			run(t.Context(), Exec{}, call)
			together := one.String()
			one.Reset()
			run(t.Context(), l, call)
			if diff := cmp.Diff(together, withoutLife(one.String())); diff != "" {
				t.Errorf("both streams to one writer (-exec +host):\n%s", diff)
			}
		})
	}
	v.wantHosted()
}

// Settings that count when Python starts need a separate host.
func TestHostedStart(t *testing.T) {
	for _, env := range [][]string{
		{"PYTHONUNBUFFERED=1"},
		{"LC_ALL=C"},
		{"LANG=C"},
		{"LC_ALL=POSIX", "PYTHONCOERCECLOCALE=0"},
		{"PYTHONUTF8=0", "LANG=C"},
		{"PYTHONIOENCODING=latin-1:replace"},
		{"PYTHONSAFEPATH=1"},
		{"PYTHONOPTIMIZE=1"},
		{"PYTHONHASHSEED=7"},
	} {
		t.Run(strings.Join(env, " "), func(t *testing.T) {
			v := newVenue(t)
			l := v.launcher(env...)
			for _, part := range []string{"state", "mixed"} {
				call := v.call(env, part)
				if diff := cmp.Diff(run(t.Context(), Exec{}, call), run(t.Context(), l, call)); diff != "" {
					t.Errorf("%s (-exec +host):\n%s", part, diff)
				}
			}
			v.wantHosted()
		})
	}
}

// A command in a host sees the terminal as a terminal.
func TestHostedTerminal(t *testing.T) {
	v := newVenue(t)
	l := v.launcher()
	onTerminal := func(r Runner) string {
		screen, terminal, err := pty.Open()
		if err != nil {
			t.Fatal(err)
		}
		defer screen.Close()
		call := v.call(nil, "state")
		call.Dir = os.TempDir()
		call.Stdout, call.Stderr = terminal, terminal
		var seen bytes.Buffer
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, _ = seen.ReadFrom(screen) // ends with EIO
		}()
		if got := run(t.Context(), r, call); got.Exit != (proc.Exit{}) || got.Err != "" {
			t.Errorf("got %+v", got)
		}
		terminal.Close()
		<-done
		return seen.String()
	}
	want := onTerminal(Exec{})
	if !regexp.MustCompile(`"terminal": true`).MatchString(want) {
		t.Errorf("it is no terminal: %s", want)
	}
	if diff := cmp.Diff(want, withoutLife(onTerminal(l))); diff != "" {
		t.Errorf("(-exec +host):\n%s", diff)
	}
	v.wantHosted()
}

// Processes that a command leaves in its group are killed.
func TestHostedLeftovers(t *testing.T) {
	v := newVenue(t)
	got := run(t.Context(), v.launcher(), v.call(nil, "leave"))
	pid, err := strconv.Atoi(strings.TrimSpace(got.Stdout))
	if err != nil {
		t.Fatalf("got %+v", got)
	}
	eventually(t, "what it left is gone", func() bool { return !alive(pid) })
	v.wantHosted()
}

func TestHostedDirIsMissing(t *testing.T) {
	v := newVenue(t)
	call := v.call(nil, "state")
	call.Dir = "/no/such"
	want := ran{Err: "running dbt: it can't be started: [Errno 2] No such file or directory: b'/no/such'"}
	if diff := cmp.Diff(want, run(t.Context(), v.launcher(), call)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// If a host is impossible, dbt runs as usual, and there is a note with the reason.
func TestHostRefused(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(v *venue) (env []string)
		want   string
	}{
		{"switched off", func(v *venue) []string { v.hosting.Mode, v.hosting.Off = HostOff, "DOT_DBT_HOST=off"; return nil }, "DOT_DBT_HOST=off"},
		{"another adapter", func(v *venue) []string { v.hosting.Adapter = "snowflake"; return nil }, "the adapter snowflake was not tried in a host; to try it: dot: {dbt-host: true}"},
		{"another adapter, wanted", func(v *venue) []string { v.hosting.Adapter, v.hosting.Mode = "snowflake", HostOn; return nil }, "importing dbt fails: ModuleNotFoundError: No module named 'dbt.adapters.snowflake'"},
		{"an old dbt", func(v *venue) []string { v.hosting.Tool.Version = "1.8.3"; return nil }, "dbt 1.8.3 was not tried in a host"},
		{"dbt 2", func(v *venue) []string { v.hosting.Tool.Version = "2.0.9"; return nil }, "dbt 2.0.9 was not tried in a host"},
		{"a newer dbt that lacks a function", func(v *venue) []string {
			v.hosting.Tool.Version = "1.99.0"
			return []string{"FAKE_DBT_IMPORT=less"}
		}, "dbt 1.99.0 was not tried in a host, and doesn't fit: dbt has no dbt_common.invocation.reset_invocation_id"},
		{"prints at import", func(*venue) []string { return []string{"FAKE_DBT_IMPORT=print"} }, "importing dbt prints: a word from an import"},
		{"can't be imported", func(*venue) []string { return []string{"FAKE_DBT_IMPORT=fail"} }, "importing dbt fails: ImportError: half installed"},
		{"ends at import", func(*venue) []string { return []string{"FAKE_DBT_IMPORT=end"} }, "the host ended (exit code 7)"},
		{"has a thread", func(*venue) []string { return []string{"FAKE_DBT_IMPORT=thread"} }, "it has 2 threads before a command runs"},
		{"has a native thread", func(*venue) []string { return []string{"FAKE_DBT_IMPORT=native"} }, "it has 2 threads before a command runs"},
		{"reads a variable", func(*venue) []string { return []string{"FAKE_DBT_IMPORT=read"} }, "dbt reads DBT_COLOUR when it is imported"},
		{"another module loads a .env", func(*venue) []string { return []string{"FAKE_DBT_IMPORT=module"} }, "a .env may be loaded by dbt.env"},
		{"lacks a function", func(*venue) []string { return []string{"FAKE_DBT_IMPORT=less"} }, "dbt has no dbt_common.invocation.reset_invocation_id"},
		{"a function with an argument", func(*venue) []string { return []string{"FAKE_DBT_IMPORT=more"} }, "dbt's dbt_common.invocation.reset_invocation_id can't be called without arguments: missing a required argument: 'why'"},
		{"a function without an effect", func(*venue) []string { return []string{"FAKE_DBT_IMPORT=stale"} }, "dbt_common.invocation.reset_invocation_id changes nothing"},
		{"records", func(*venue) []string { return []string{"DBT_ENGINE_RECORDER_MODE=record"} }, "DBT_ENGINE_RECORDER_MODE is set"},
		{"warns", func(*venue) []string { return []string{"PYTHONWARNINGS=default"} }, "PYTHONWARNINGS is set"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := newVenue(t)
			env := tt.change(v)
			l := v.launcher(env...)
			call := v.call(env, "exit", "3")
			want := run(t.Context(), Exec{}, call)
			for range 2 {
				if diff := cmp.Diff(want, run(t.Context(), l, call)); diff != "" {
					t.Errorf("(-exec +got):\n%s", diff)
				}
			}
			v.wantWays(ownProcess + tt.want)
		})
	}
}

const ownProcess = "as a process of its own: "

// Each command has its own id, not the id that was made when the host imported dbt.
func TestHostedInvocation(t *testing.T) {
	v := newVenue(t)
	if got := run(t.Context(), v.launcher(), v.call(nil, "invocation")).Stdout; got != "made for this command\n" {
		t.Errorf("got %q", got)
	}
}

// A dbt 1 that is newer than all that were tried is hosted if it has what a host needs.
func TestNewerDBTIsHosted(t *testing.T) {
	for _, version := range []string{"1.13.0b1", "1.99.0"} {
		t.Run(version, func(t *testing.T) {
			v := newVenue(t)
			v.hosting.Tool.Version = version
			call := v.call(nil, "exit", "3")
			if diff := cmp.Diff(run(t.Context(), Exec{}, call), run(t.Context(), v.launcher(), call)); diff != "" {
				t.Errorf("(-exec +host):\n%s", diff)
			}
			v.wantWays("in a host, which imports dbt once; dbt " + version + " was not tried in a host, but has what a host needs")
			can, note := TryHost(t.Context(), v.hosting, v.env)
			if want := "dbt " + version + " was not tried in a host, but has what a host needs"; !can || note != want {
				t.Errorf("tried: %t, %q, want %q", can, note, want)
			}
		})
	}
}

// Each command of a dbt that loads a .env when it is imported loads that of its own directory.
func TestHostedDotEnv(t *testing.T) {
	v := newVenue(t)
	env := []string{"FAKE_DBT_IMPORT=dotenv", "SHAPE=round"}
	l := v.launcher(env...)
	for _, content := range []string{"COLOUR=red\nSHAPE=square\n", "COLOUR=blue\n", ""} {
		call := v.call(env, "state")
		if content != "" {
			if err := os.WriteFile(filepath.Join(call.Dir, ".env"), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want := run(t.Context(), Exec{}, call)
		if diff := cmp.Diff(want, run(t.Context(), l, call)); diff != "" {
			t.Errorf("%q (-exec +host):\n%s", content, diff)
		}
		if colour, _, _ := strings.Cut(content, "\n"); !strings.Contains(want.Stdout, strings.TrimPrefix(colour, "COLOUR=")) {
			t.Errorf("the stand-in loads no .env: %+v", want)
		}
	}
	v.wantHosted()
}

// If a .env can't be loaded, dbt says so itself, in a process of its own.
func TestHostedDotEnvIsBroken(t *testing.T) {
	v := newVenue(t)
	env := []string{"FAKE_DBT_IMPORT=dotenv"}
	l := v.launcher(env...)
	call := v.call(env, "state")
	if err := os.WriteFile(filepath.Join(call.Dir, ".env"), []byte("PASSWORD=s\xffcret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	want := run(t.Context(), Exec{}, call)
	if !strings.Contains(want.Stderr, "UnicodeDecodeError") {
		t.Fatalf("the stand-in loads a broken .env: %+v", want)
	}
	if diff := cmp.Diff(want, run(t.Context(), l, call)); diff != "" {
		t.Errorf("(-exec +host):\n%s", diff)
	}
	v.wantWays("in a host, which imports dbt once", ownProcess+"its .env can't be loaded: UnicodeDecodeError")
}

// A single command does not get a host.
func TestOneCommandIsNotHosted(t *testing.T) {
	v := newVenue(t)
	l := &Launcher{}
	v.l = l
	defer l.Close()
	l.Expect(t.Context(), 1, v.hosting, v.env)
	run(t.Context(), l, v.call(nil))
	v.wantWays(ownProcess + "only one command uses it")
}

// The host of a launcher for several programs is there for the next one: also if the first command was
// cancelled, and another one if it was killed or dbt is another.
func TestLastingHost(t *testing.T) {
	v := newVenue(t)
	v.l = NewLauncher(t.Context())
	defer v.l.Close()
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	v.l.Expect(cancelled, 2, v.hosting, v.env)
	if got := run(cancelled, v.l, v.call(nil, "exit", "3")); got.Err == "" {
		t.Errorf("a cancelled command ran: %+v", got)
	}
	hostOf := func() *host {
		t.Helper()
		if got, want := run(t.Context(), v.l, v.call(nil, "exit", "3")), (ran{Exit: proc.Exit{Code: 3}}); got != want {
			t.Fatalf("got %+v, want %+v", got, want)
		}
		return v.l.of(v.hosting, v.env).host
	}
	first := hostOf()
	if hostOf() != first {
		t.Error("another host for the same dbt")
	}
	first.abandon()
	<-first.gone
	second := hostOf()
	if second == nil || second == first {
		t.Errorf("after the host was lost: %v", second)
	}
	v.hosting.Tool.Adapters = map[string]string{"duckdb": "1.99.0"}
	if third := hostOf(); third == nil || third == second {
		// One command is not worth a host.
		v.l.Expect(t.Context(), 2, v.hosting, v.env)
		if third = hostOf(); third == nil || third == second {
			t.Errorf("after the adapter was replaced: %v", third)
		}
	}
	v.wantWays("in a host, which imports dbt once", "as a process of its own: only one command uses it")
}

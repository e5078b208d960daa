package run

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/creack/pty"
	"github.com/google/go-cmp/cmp"

	"dot-for-dbt/internal/dbt/adapter"
	"dot-for-dbt/internal/dbt/tool"
	"dot-for-dbt/internal/dbt/version"
	"dot-for-dbt/internal/testing/postgres"
)

// A trial is a dbt command to run in a host and as a process of its own.
type trial struct {
	args     string // split at spaces; ~ stands for a space
	env      []string
	dir      string            // relative to the project, "" for the project itself
	terminal bool              // dbt's output goes to a terminal
	files    map[string]string // written before
	since    string            // the first version of dbt that has this, "" for all
	quick    bool              // part of make test
}

// trials is a series of commands, each of which finds what the earlier ones left. It has every dbt
// command that can be hosted.
var trials = []trial{
	{args: "--version"},
	{args: "--help"},
	{args: "no-such-command"},
	{args: "run --no-such-flag"},
	{args: "run"}, // without packages
	{args: "deps", quick: true},
	{args: "debug"},
	{args: "parse"},
	{args: "seed"},
	{args: "compile"},
	{args: "list --output json"},
	{args: "ls -s +season --quiet"},
	{args: "run"},
	{args: "run --log-format json --log-level debug -s season"},
	{args: "run -s season", env: []string{"TZ=Asia/Tokyo", "STAND_SEASON=winter"}},
	{args: "run -s season", env: []string{"LC_ALL=C", "STAND_SEASON=ä"}},
	{args: "run -s season", env: []string{"LC_ALL=C.UTF-8", "PYTHONUNBUFFERED=1", "STAND_SEASON=ä"}},
	{args: "run -s season", env: []string{"DBT_PROFILES_DIR=elsewhere"}, files: map[string]string{"elsewhere/profiles.yml": "stand: {}\n"}},
	{args: "run -s season", env: []string{"DBT_USE_COLORS=false", "DBT_LOG_LEVEL=debug"}},
	{args: "run -s season", env: []string{"NO_COLOR=1", "DBT_QUIET=1"}},
	{args: "run -s season", env: []string{"DBT_ENGINE_PRINTER_WIDTH=120", "DBT_ENGINE_WRITE_JSON=false"}},
	{args: "run -s season", env: []string{"DBT_ENGINE_NO_SUCH_THING=1"}},
	{args: "run -s season", env: []string{"DBT_MACRO_DEBUGGING=1", "DBT_PACKAGE_HUB_URL=http://localhost:1"}},
	{args: "run -s season --vars {most:~110}", env: []string{"STAND_DOTENV=spring"}, files: map[string]string{".env": "STAND_SEASON=autumn\n"}},
	{args: "run -s season", terminal: true},
	{args: "list", terminal: true, quick: true},
	{args: "run -s season", dir: "models"},
	{args: "run -s season --project-dir ..", dir: "models"},
	{args: "test"},
	{args: "test", env: []string{"STAND_SEVERITY=error"}},
	{args: "snapshot"},
	{args: "build"},
	{args: "build", env: []string{"STAND_BROKEN=1"}, quick: true},
	{args: "retry", env: []string{"STAND_BROKEN=1"}},
	{args: "build --full-refresh", env: []string{"STAND_BROKEN=1", "STAND_SEVERITY=error"}},
	{args: "source freshness"},
	{args: "docs generate"},
	{args: "show -s cheap --limit 1"},
	{args: "show --inline select~1~as~one --output json"},
	{args: "run-operation stamp"},
	{args: "run-operation fall"},
	{args: "clone --state target"},
	{args: "run -s state:modified+ --defer --state target"},
	{args: "run --warn-error"},
	{args: "run -s season", files: map[string]string{"models/torn.sql": "select {{ "}},
	{args: "seed --empty", since: "1.12"},
	{args: "run-operation --sql select~1", since: "1.12"},
	{args: "parse --no-partial-parse --use-v2-parser", since: "1.12"}, // is not installed
	{args: "run -s season", since: "1.12", files: map[string]string{".env": "export STAND_SEASON='${TZ} ä'\nTZ=Asia/Tokyo\nDBT_LOG_LEVEL=debug\nDBT_ENGINE_WRITE_JSON=0\n"}, quick: true},
	{args: "run -s season --project-dir ..", since: "1.12", dir: "models", files: map[string]string{".env": "STAND_SEASON=autumn\nSTAND_SEASON=\"late $autumn ${NO:-fall}\"\n"}},
	{args: "run -s season", since: "1.12", env: []string{"STAND_SEASON="}, files: map[string]string{".env": "STAND_SEASON=autumn\n"}},
	{args: "run -s season", since: "1.12", env: []string{"PYTHON_DOTENV_DISABLED=1"}, files: map[string]string{".env": "STAND_SEASON=autumn\n"}},
	{args: "run -s season", since: "1.12", files: map[string]string{".env": "STAND_SEASON\n= spring\nSTAND_SEASON='autumn\n"}}, // a warning about the last line
	{args: "deps", dir: "hub", env: []string{"DBT_PACKAGE_HUB_URL=http://localhost:1/"}, files: asksHub("")},
	{args: "deps", dir: "hub", since: "1.12", files: asksHub("DBT_PACKAGE_HUB_URL=http://localhost:2/\n")},
	{args: "clean"},
}

// asksHub returns a project with a package of a hub, and with a .env.
func asksHub(dotEnv string) map[string]string {
	return map[string]string{
		"hub/.env":            dotEnv,
		"hub/dbt_project.yml": "name: hub\nversion: '1.0'\nprofile: stand\n",
		"hub/packages.yml":    "packages: [{package: some/thing, version: 1.0.0}]\n",
	}
}

// Each command does the same in a host as in a process of its own.
func TestHostEquality(t *testing.T) {
	everyStand(t, nil, func(t *testing.T, s *stand) {
		quick := os.Getenv("DOT_TEST_FULL") == ""
		var series []trial
		for _, tr := range trials {
			if (tr.quick || !quick) && version.AtLeast(s.hosting.Tool.Version, tr.since) {
				series = append(series, tr)
			}
		}
		want := s.series(Exec{}, series)
		s.clear()
		l := &Launcher{}
		defer l.Close()
		got := s.series(l, series)
		for i, tr := range series {
			if diff := cmp.Diff(want[i], got[i]); diff != "" {
				t.Errorf("%s %v (-exec +host):\n%s", tr.args, tr.env, diff)
			}
		}
		for _, way := range l.Ways() {
			if !strings.Contains(way, "in a host") {
				t.Error(way)
			}
		}
	})
}

// A .env that can't be loaded ends dbt 1.12 when it starts. The host leaves that to a process of its own.
func TestHostEqualityBrokenDotEnv(t *testing.T) {
	suits := func(h Hosting) bool { return version.AtLeast(h.Tool.Version, "1.12") && h.Adapter == "duckdb" }
	everyStand(t, suits, func(t *testing.T, s *stand) {
		broken := []trial{{args: "list", files: map[string]string{".env": "STAND_PASSWORD=\xff\n"}}}
		want := s.series(Exec{}, broken)
		l := &Launcher{}
		defer l.Close()
		if diff := cmp.Diff(want, s.series(l, broken)); diff != "" {
			t.Errorf("(-exec +host):\n%s", diff)
		}
		if !strings.Contains(want[0].Stderr, "UnicodeDecodeError") {
			t.Errorf("dbt loads it: %+v", want)
		}
		if ways := l.Ways(); len(ways) != 2 || !strings.HasSuffix(ways[1], ownProcess+"its .env can't be loaded: UnicodeDecodeError") {
			t.Errorf("it ran %q", ways)
		}
	})
}

// Concurrent commands, each with its own schema, do the same as commands one after another.
func TestHostEqualityTogether(t *testing.T) {
	if os.Getenv("DOT_TEST_FULL") == "" {
		t.Skip("DOT_TEST_FULL is not set: run make test-full")
	}
	everyStand(t, nil, func(t *testing.T, s *stand) {
		build := []trial{{args: "deps"}, {args: "build"}, {args: "run -s season", env: []string{"STAND_SEASON=winter"}}}
		l := &Launcher{}
		defer l.Close()
		together := func(r Runner) (all [4][]outcome) {
			var group sync.WaitGroup
			for i := range all {
				mine := *s
				mine.dir = filepath.Join(filepath.Dir(s.dir), fmt.Sprintf("stand%d", i))
				mine.env = append(slices.Clone(s.env), fmt.Sprintf("STAND_SCHEMA=stand%d", i))
				mine.clear()
				group.Go(func() { all[i] = mine.series(r, build) })
			}
			group.Wait()
			return all
		}
		want := together(Exec{})
		if diff := cmp.Diff(want, together(l)); diff != "" {
			t.Errorf("(-exec +host):\n%s", diff)
		}
	})
}

// A stand is a copy of the project in testdata/stand, with a database.
type stand struct {
	t       *testing.T
	dir     string
	hosting Hosting
	env     []string
	reset   func() // empties the database
}

// everyStand runs a test on both databases, with the dbt of each virtual environment there is; if
// suits isn't nil, only where it is true. make test tries the further dbts on DuckDB only.
func everyStand(t *testing.T, suits func(Hosting) bool, test func(t *testing.T, s *stand)) {
	t.Helper()
	python := os.Getenv("DOT_TEST_PYTHON")
	if python == "" {
		t.Skip("DOT_TEST_PYTHON names no interpreter that has dbt")
	}
	venvs := append([]string{filepath.Dir(filepath.Dir(python))}, filepath.SplitList(os.Getenv("DOT_TEST_HOST_VENVS"))...)
	for i, venv := range venvs {
		script := filepath.Join(venv, "bin", "dbt")
		release, ok := tool.Installed(script, nil)
		if !ok {
			t.Fatalf("there is no dbt in %s", venv)
		}
		hosting := Hosting{Tool: tool.Tool{Argv: []string{script}, Path: script, Release: release}}
		for _, known := range adapter.All() {
			hosting.Adapter = known.Name
			left := i > 0 && known.Name != "duckdb" && os.Getenv("DOT_TEST_FULL") == ""
			if !known.Hosted || left || suits != nil && !suits(hosting) {
				continue
			}
			t.Run(release.Version+"/"+known.Name, func(t *testing.T) {
				s := newStand(t, hosting)
				s.clear()
				test(t, s)
			})
		}
	}
}

func newStand(t *testing.T, hosting Hosting) *stand {
	t.Helper()
	s := &stand{t: t, hosting: hosting, dir: filepath.Join(t.TempDir(), "stand"), reset: func() {}}
	s.env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "LANG=C.UTF-8", "TZ=UTC", "PYTHONHASHSEED=0", "STAND_TARGET=" + hosting.Adapter}
	if hosting.Adapter != "postgres" {
		return s
	}
	bin := os.Getenv("DOT_TEST_PG_BIN")
	if bin == "" {
		var err error
		if bin, err = postgres.FindBin(filepath.Dir(filepath.Dir(os.Getenv("DOT_TEST_PYTHON")))); err != nil {
			t.Fatal(err)
		}
	}
	server, err := postgres.Start(t.Context(), bin)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	db, err := server.CreateDatabase(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.reset = func() {
		schemas := "drop schema if exists stand, stand0, stand1, stand2, stand3 cascade"
		if _, err := db.Query(t.Context(), schemas); err != nil {
			t.Fatal(err)
		}
	}
	s.env = append(s.env, "STAND_PG_HOST="+db.Host, "STAND_PG_USER="+db.User, "STAND_PG_PASSWORD="+db.Password, "STAND_PG_DATABASE="+db.Name)
	return s
}

// clear resets project and database to the state before any command.
func (s *stand) clear() {
	s.t.Helper()
	s.reset()
	if err := os.RemoveAll(s.dir); err != nil {
		s.t.Fatal(err)
	}
	if err := os.CopyFS(s.dir, os.DirFS("testdata/stand")); err != nil {
		s.t.Fatal(err)
	}
}

// An outcome is the result of a command, without times and ids.
type outcome struct {
	Exit, Stdout, Stderr string
	Files                map[string]string
}

// series runs commands, one after another.
func (s *stand) series(r Runner, all []trial) []outcome {
	s.t.Helper()
	var outcomes []outcome
	for _, tr := range all {
		for name, text := range tr.files {
			file := filepath.Join(s.dir, name)
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				s.t.Error(err)
			}
			if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
				s.t.Error(err)
			}
		}
		if err := os.RemoveAll(filepath.Join(s.dir, "logs")); err != nil { // each command's log is compared on its own
			s.t.Error(err)
		}
		out := s.run(r, tr)
		for name := range tr.files {
			_ = os.Remove(filepath.Join(s.dir, name))
		}
		outcomes = append(outcomes, out)
	}
	return outcomes
}

func (s *stand) run(r Runner, tr trial) outcome {
	s.t.Helper()
	args := strings.Fields(tr.args)
	for i := range args {
		args[i] = strings.ReplaceAll(args[i], "~", " ")
	}
	env := slices.Concat(s.env, tr.env)
	if l, ok := r.(*Launcher); ok {
		l.Expect(s.t.Context(), 2, s.hosting, env)
	}
	call := Call{Argv: append([]string{s.hosting.Tool.Argv[0]}, args...), Dir: filepath.Join(s.dir, tr.dir), Env: env, Hosting: s.hosting}
	var stdout, stderr bytes.Buffer
	call.Stdout, call.Stderr = &stdout, &stderr
	seen := func() {}
	if tr.terminal {
		call.Stdout, seen = s.terminal(&stdout)
	}
	exit, err := r.Run(s.t.Context(), call)
	seen()
	if err != nil {
		s.t.Errorf("dbt %s: %v", tr.args, err)
	}
	return outcome{exit.String(), s.steady(stdout.String()), s.steady(stderr.String()), s.tree()}
}

// terminal returns a terminal whose screen is written to a buffer. seen returns when all of it is
// there.
func (s *stand) terminal(screen *bytes.Buffer) (terminal *os.File, seen func()) {
	s.t.Helper()
	reader, terminal, err := pty.Open()
	if err != nil {
		s.t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = screen.ReadFrom(reader) // ends with EIO
	}()
	return terminal, func() {
		terminal.Close()
		<-done
		reader.Close()
	}
}

// inconstant matches what differs between two runs of the same command, and replaces it.
var inconstant = []struct {
	found *regexp.Regexp
	put   string
}{
	{regexp.MustCompile(`\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.\d]*Z?`), "<time>"},
	{regexp.MustCompile(`\d\d:\d\d:\d\d(\.\d+)?`), "<time>"},
	{regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`), "<id>"},
	{regexp.MustCompile(`0x[0-9a-f]{8,}`), "<address>"},
	{regexp.MustCompile(`\d+\.\d+(e-\d+)?( ?s\b| seconds)`), "<duration>"},
	{regexp.MustCompile(`("(?:pid|created_at|execution_time|elapsed|elapsed_time|process_[a-z_]+|command_wall_clock_time|max_loaded_at_time_ago_in_s)": ?)-?[\d.e-]+`), "$1<number>"},
	{regexp.MustCompile(`[\d.e-]+(, "process_|,"process_)`), "<number>$1"},
	{regexp.MustCompile(`__dbt_tmp\d+`), "__dbt_tmp<number>"},
	// The number of rows from PostgreSQL's catalogue, which includes its own schemas.
	{regexp.MustCompile(`(SQL status: SELECT |"query_id": "", "status": "SELECT )\d+`), "$1<number>"},
	{regexp.MustCompile(`ThreadPoolExecutor-\d+_\d+`), "ThreadPoolExecutor"},
	{regexp.MustCompile(`"dbt_valid_[a-z]+": "[^"]*"`), "<time>"},
}

// unsteadyLine matches further lines of debug logs that differ: which of several connections is
// reused, the order of dicts and sets, random parts, and what dbt only says on a slow machine.
var unsteadyLine = regexp.MustCompile(`(?m)^.*(Re-using an available connection|Acquiring new |Connection '|Opening a new connection|` +
	`running dbt with arguments|Resource report|ResourceReport|sending: \[|Flushing usage|downloads directory=|Your parse is taking a long time).*\n`)

// steadyLines are those in which nothing is inconstant. Each manifest has most lines of the one before,
// and with the race detector, looking for everything in all of them takes a minute and a half.
var steadyLines sync.Map

func (s *stand) steady(text string) string {
	var out strings.Builder
	for line := range strings.Lines(text) {
		if _, known := steadyLines.Load(line); known {
			out.WriteString(line)
			continue
		}
		put := unsteadyLine.ReplaceAllString(line, "")
		for _, i := range inconstant {
			put = i.found.ReplaceAllString(put, i.put)
		}
		if put == line {
			steadyLines.Store(line, true)
		}
		out.WriteString(put)
	}
	return out.String()
}

// tree returns the content of the project's directory.
func (s *stand) tree() map[string]string {
	s.t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(s.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, _ := filepath.Rel(s.dir, path)
		if d.Type()&fs.ModeSymlink != 0 {
			files[name], err = os.Readlink(path)
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		text, err := os.ReadFile(path)
		files[name] = info.Mode().String() + " " + s.contents(name, text)
		return err
	})
	if err != nil {
		s.t.Error(err)
	}
	return files
}

// contents returns the part of a file's content that is compared.
func (s *stand) contents(name string, text []byte) string {
	switch filepath.Ext(name) {
	case ".duckdb", ".msgpack", ".gpickle", ".wal": // binary, and containing times
		return "is there"
	case ".log":
		return s.log(string(text))
	case ".json":
		var value any
		if filepath.Base(name) == "perf_info.json" {
			return "is there"
		}
		if err := json.Unmarshal(text, &value); err != nil {
			return err.Error()
		}
		shown, err := json.MarshalIndent(value, "", " ")
		if err != nil {
			return err.Error()
		}
		return s.steady(string(shown))
	case ".sql":
		return fmt.Sprintf("%x", sha256.Sum256([]byte(s.steady(string(text)))))
	case ".yml":
		if filepath.Base(name) == ".user.yml" {
			return "is there"
		}
	}
	return fmt.Sprintf("%x", sha256.Sum256(text))
}

// log returns the lines of dbt's log, sorted, since several threads of dbt write to it.
func (s *stand) log(text string) string {
	lines := slices.Sorted(strings.Lines(s.steady(text)))
	return strings.Join(lines, "")
}

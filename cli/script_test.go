package cli_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"

	"dot-for-dbt/internal/testing/bucketserver"
)

// TestScripts runs the sessions in testdata/script. Each starts in a copy of
// the repository of testdata/shop.txtar, with the script's own files below
// shop/ laid over it, uncommitted. Beside testscript's commands there are
//
//	commit MESSAGE        commits everything
//	let NAME COMMAND…     sets a variable to a command's output
//	exits N COMMAND…      runs a command that must end with exit code N
//	started WORD…         fails unless exactly these dbt commands started since the
//	                      last "started"
//	remember DIR          records every file below a directory
//	unchanged DIR         fails if a file was changed, added or removed since
//	buckets DIR           starts stand-ins for clouds, whose buckets have the files of a directory
//
// and the programs dot and dbt, of which dbt is a stand-in.
//
// With the race detector, programs take three times as long. Then only some of those scripts run in which
// builds share state, and afterwards the others. In make test-slow it is all of them.
func TestScripts(t *testing.T) {
	dir := filepath.Join("..", "testdata", "script")
	files, err := filepath.Glob(filepath.Join(dir, "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts in %s: %v", dir, err)
	}
	files = slices.DeleteFunc(files, func(file string) bool {
		text, err := os.ReadFile(file)
		if err != nil {
			return false
		}
		shares := severalBuilds.Match(text)
		if os.Getenv("DOT_TEST_SLOW") == "" {
			shares = shares && severalScripts.MatchString(filepath.Base(file))
		}
		return raceDetector && !shares || hasRaced() && shares
	})
	testscript.Run(t, testscript.Params{
		Files:              files,
		RequireUniqueNames: true,
		Setup:              layOut,
		Condition: func(name string) (bool, error) {
			if name == "mkfifo" {
				_, err := exec.LookPath("mkfifo")
				return err == nil, nil
			}
			return false, fmt.Errorf("unknown condition %q", name)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"commit": commit, "let": let, "exits": exits, "started": started,
			"remember": remember, "unchanged": unchanged, "buckets": buckets,
		},
	})
}

// make test runs the tests of this package twice: with the race detector those in which builds share state, and
// then the others without, in a third of the time.

// withoutRace skips a test in which builds share no state, with the race detector.
func withoutRace(t *testing.T) {
	t.Helper()
	if raceDetector {
		t.Skip("no builds share state, and make test runs it without the race detector, too")
	}
}

// withRace skips a test in which builds share state, if it has run with the race detector.
func withRace(t *testing.T) {
	t.Helper()
	if hasRaced() {
		t.Skip("make test has run it with the race detector")
	}
}

// hasRaced reports whether make test has run the tests with the race detector before these without.
func hasRaced() bool { return !raceDetector && os.Getenv("DOT_TEST_RACED") != "" }

// severalBuilds matches a script with a command that has several builds, or rounds of one.
var severalBuilds = regexp.MustCompile(`\bdot (plan )?(compare|[a-z]+ \S*@\S+ [^-\s]\S*@)|--watch|--specs|\S@\S*\.\.\S`)

// severalScripts matches the names of scripts about several builds: at once, on one baseline, with a store, as
// views on another, compared.
var severalScripts = regexp.MustCompile(`^(store_)?several|^compare\.|^reuse\.`)

// layOut creates the repository and the environment of a script.
func layOut(env *testscript.Env) error {
	dir := filepath.Join(env.WorkDir, "shop")
	over := filepath.Join(env.WorkDir, ".over")
	err := os.Rename(dir, over)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.CopyFS(dir, os.DirFS(template)); err != nil {
		return err
	}
	for _, f := range tree(over) {
		text, err := os.ReadFile(filepath.Join(over, f))
		if err != nil {
			return err
		}
		if err := writeFile(filepath.Join(dir, f), text); err != nil {
			return err
		}
	}
	if err := os.RemoveAll(over); err != nil {
		return err
	}
	home := filepath.Join(env.WorkDir, "home")
	if err := os.Mkdir(home, 0o755); err != nil {
		return err
	}
	env.Vars = append(env.Vars, hermeticEnv(home)...)
	env.Setenv("STANDIN_LOG", filepath.Join(env.WorkDir, "dbt.log"))
	env.Cd = dir
	return nil
}

// tree lists the files below a directory.
func tree(dir string) []string {
	var out []string
	_ = filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			relative, _ := filepath.Rel(dir, file)
			out = append(out, relative)
		}
		return err
	})
	return out
}

func never(ts *testscript.TestScript, neg bool, name string) {
	if neg {
		ts.Fatalf("! %s means nothing", name)
	}
}

func commit(ts *testscript.TestScript, neg bool, args []string) {
	never(ts, neg, "commit")
	ts.Check(ts.Exec("git", "add", "-A"))
	ts.Check(ts.Exec("git", "commit", "-q", "-m", strings.Join(args, " ")))
}

func let(ts *testscript.TestScript, neg bool, args []string) {
	never(ts, neg, "let")
	if len(args) < 2 {
		ts.Fatalf("usage: let NAME COMMAND…")
	}
	ts.Check(ts.Exec(args[1], args[2:]...))
	ts.Setenv(args[0], strings.TrimSpace(ts.ReadFile("stdout")))
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	never(ts, neg, "exits")
	if len(args) < 2 {
		ts.Fatalf("usage: exits N COMMAND…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var failed *exec.ExitError
	switch err := ts.Exec(args[1], args[2:]...); {
	case errors.As(err, &failed):
		got = failed.ExitCode()
	default:
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

func started(ts *testscript.TestScript, neg bool, args []string) {
	never(ts, neg, "started")
	log := ts.Getenv("STANDIN_LOG")
	text, err := os.ReadFile(log)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		ts.Check(err)
	}
	var got []string
	for line := range strings.Lines(string(text)) {
		got = append(got, strings.Fields(line)[0])
	}
	if !slices.Equal(got, args) {
		ts.Fatalf("dbt was started with %q, want %q\n%s", got, args, text)
	}
	ts.Check(os.RemoveAll(log))
}

func remember(ts *testscript.TestScript, neg bool, args []string) {
	never(ts, neg, "remember")
	dir := ts.MkAbs(args[0])
	ts.Check(os.WriteFile(filepath.Join(ts.Getenv("WORK"), "remembered"), []byte(digestTree(dir)), 0o644))
}

func unchanged(ts *testscript.TestScript, neg bool, args []string) {
	never(ts, neg, "unchanged")
	was, err := os.ReadFile(filepath.Join(ts.Getenv("WORK"), "remembered"))
	ts.Check(err)
	if diff := cmp.Diff(string(was), digestTree(ts.MkAbs(args[0]))); diff != "" {
		ts.Fatalf("changed (-before +after):\n%s", diff)
	}
}

func buckets(ts *testscript.TestScript, neg bool, args []string) {
	never(ts, neg, "buckets")
	env, stop, err := bucketserver.StandIns(ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Defer(stop)
	for name, value := range env {
		ts.Setenv(name, value)
	}
}

// digestTree is a line for each file and directory: mode, digest, name.
func digestTree(dir string) string {
	var b strings.Builder
	_ = filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			fmt.Fprintln(&b, err)
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		var sum [sha256.Size]byte
		if info.Mode().IsRegular() {
			text, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			sum = sha256.Sum256(text)
		}
		relative, _ := filepath.Rel(dir, file)
		fmt.Fprintf(&b, "%s %x %d %s\n", info.Mode(), sum[:8], info.ModTime().UnixNano(), filepath.ToSlash(relative))
		return nil
	})
	return b.String()
}

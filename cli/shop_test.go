package cli_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"dot-for-dbt/cli"
	"dot-for-dbt/internal/testing/schematest"
)

// template is a repository made by makeShop, for copies.
var template string

// hermeticEnv is the environment that makes git's hashes the same on each
// machine.
func hermeticEnv(home string) []string {
	return []string{
		// A program with the race detector sleeps a second before it ends,
		// and dot starts dbt often.
		"GORACE=atexit_sleep_ms=0",
		"HOME=" + home, "USERPROFILE=" + home, "XDG_CONFIG_HOME=" + home,
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull,
		"GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.com", "GIT_AUTHOR_DATE=2026-03-02T09:00:00Z",
		"GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@example.com", "GIT_COMMITTER_DATE=2026-03-02T09:00:00Z",
	}
}

// makeShop makes the repository of testdata/shop.txtar.
func makeShop(dir string) error {
	archive, err := txtar.ParseFile(filepath.Join("..", "testdata", "shop.txtar"))
	if err != nil {
		return err
	}
	git := func(args ...string) error {
		cmd := exec.Command("git", args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("git %s: %w\n%s", strings.Join(args, " "), err, out)
		}
		return nil
	}
	commit := func(prefix, message string) error {
		for _, f := range archive.Files {
			if name, ok := strings.CutPrefix(f.Name, prefix+"/"); ok {
				if err := writeFile(filepath.Join(dir, name), f.Data); err != nil {
					return err
				}
			}
		}
		if err := git("add", "-A"); err != nil {
			return err
		}
		return git("commit", "-q", "-m", message)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, step := range []func() error{
		func() error { return git("init", "-q", "--template=", "-b", "main") },
		func() error { return commit("1-main", "Open the shop") },
		func() error { return git("tag", "v1") },
		func() error { return git("switch", "-q", "-c", "metrics") },
		func() error { return commit("2-metrics", "Orders in euros") },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func writeFile(name string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return os.WriteFile(name, data, 0o644)
}

// A shop is a repository in which dot runs inside of this process.
type shop struct {
	t   *testing.T
	dir string
	cwd string // where dot is started; dir
	env []string
	now time.Time

	tool  string          // the stand-in
	story strings.Builder // what was done, and what show saw
}

// morning is a time after the shop's commits.
var morning = time.Date(2026, 3, 2, 11, 0, 0, 0, time.UTC)

func newShop(t *testing.T) *shop {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(root, "shop")
	if err := os.CopyFS(dir, os.DirFS(template)); err != nil {
		t.Fatal(err)
	}
	tool, err := exec.LookPath("dbt")
	if err != nil {
		t.Fatal(err)
	}
	return &shop{t: t, dir: dir, cwd: dir, env: os.Environ(), now: morning, tool: tool}
}

// file is the path of a file in the repository.
func (s *shop) file(name string) string { return filepath.Join(s.dir, filepath.FromSlash(name)) }

func (s *shop) write(name, text string) {
	s.t.Helper()
	if err := writeFile(s.file(name), []byte(text)); err != nil {
		s.t.Fatal(err)
	}
}

func (s *shop) git(args ...string) string {
	s.t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = s.dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		s.t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// said is dot's output.
type said struct {
	stdout, stderr, both string
	code                 int
}

// dot runs dot; env is set for this call.
func (s *shop) dot(args []string, env ...string) said {
	s.t.Helper()
	var both syncBuffer
	var stdout, stderr bytes.Buffer
	code := cli.Main(cli.Process{
		Args: args, Env: slices.Concat(s.env, env), Dir: s.cwd, Home: os.Getenv("HOME"),
		Stdout: io.MultiWriter(&stdout, &both), Stderr: io.MultiWriter(&stderr, &both),
		Now: func() time.Time { return s.now },
	})
	schematest.Output(s.t, args, stdout.String(), code)
	return said{s.portable(stdout.String()), s.portable(stderr.String()), s.portable(both.String()), code}
}

// run runs a dot that must succeed.
func (s *shop) run(command string, env ...string) said {
	s.t.Helper()
	out := s.told(command, env)
	if out.code != 0 {
		s.t.Fatalf("dot %s: exit code %d\n%s", command, out.code, out.both)
	}
	return out
}

// fails runs a dot that must fail, because env makes dbt fail.
func (s *shop) fails(command string, env ...string) {
	s.t.Helper()
	if out := s.told(command, env); out.code == 0 {
		s.t.Fatalf("dot %s did not fail\n%s", command, out.both)
	}
}

// show runs dot and adds its output to the story.
func (s *shop) show(command string, env ...string) said {
	s.t.Helper()
	out := s.told(command, env)
	s.story.WriteString(out.both)
	if out.code != 0 {
		fmt.Fprintf(&s.story, "exit code %d\n", out.code)
	}
	return out
}

func (s *shop) told(command string, env []string) said {
	s.t.Helper()
	words := strings.Fields(command)
	line := strings.Join(slices.Concat(env, []string{"dot"}, words), " ")
	fmt.Fprintf(&s.story, "$ %s\n", s.portable(line))
	return s.dot(words, env...)
}

// tell adds a remark to the story.
func (s *shop) tell(remark string) { fmt.Fprintf(&s.story, "# %s\n", remark) }

// later advances the clock.
func (s *shop) later(d time.Duration) {
	s.now = s.now.Add(d)
	s.tell(fmt.Sprintf("%g h later", d.Hours()))
}

func (s *shop) remove(name string) {
	s.t.Helper()
	if err := os.RemoveAll(s.file(name)); err != nil {
		s.t.Fatal(err)
	}
}

// digestName matches file names that depend on paths of this machine.
var digestName = regexp.MustCompile(`/(state|defer|memo|changed)/[0-9a-f]{20}`)

// portable replaces this machine's paths with short names.
func (s *shop) portable(text string) string {
	text = digestName.ReplaceAllString(text, "/$1/<digest>")
	return strings.NewReplacer(
		s.tool, "/bin/dbt",
		s.dir, "/shop",
		filepath.Dir(s.dir), "/elsewhere",
		os.Getenv("HOME"), "/home",
	).Replace(text)
}

// warehouse returns the stand-in's warehouse, by schema and table.
func (s *shop) warehouse() map[string]string {
	s.t.Helper()
	tables := map[string]string{}
	root := s.file("warehouse.duckdb")
	for _, name := range tree(root) {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			s.t.Fatal(err)
		}
		tables[filepath.ToSlash(name)] = string(bytes.TrimSpace(text))
	}
	return tables
}

// syncBuffer is a buffer that stdout and stderr can write to while a test reads it.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

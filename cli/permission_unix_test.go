//go:build unix

package cli_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// nobody is a user without write permissions.
const nobody = 65534

// TestErrorNoPermission runs dot as a user without write permissions. Root has them
// everywhere, so the test becomes nobody.
func TestErrorNoPermission(t *testing.T) {
	tests := []struct {
		name    string
		locked  string // the directory that can't be written to
		arrange func(s *shop)
	}{
		{"no-permission", ".", func(*shop) {}},
		{"no-permission-in-workspace", ".dot", func(s *shop) { s.run("build prod@main") }},
		{"no-permission-in-git", ".git", func(s *shop) { s.makeWritable(".dot") }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			test.arrange(s)
			s.tell(test.locked + " can't be written to")
			s.lock(test.locked)
			before := digestTree(s.file(".git"))
			code := s.asNobody("build dev@HEAD")
			if code != 2 {
				t.Errorf("exit code %d, want 2", code)
			}
			if after := digestTree(s.file(".git")); after != before {
				t.Errorf("something in .git was changed, from\n%s\nto\n%s", before, after)
			}
			if exists := s.git("worktree", "list"); strings.Contains(exists, s.git("rev-parse", "--short", "HEAD")+"/worktree") {
				t.Errorf("half a worktree is registered:\n%s", exists)
			}
			golden(t, "errors/"+test.name, s.story.String())
		})
	}
}

// A report that can't be written is an error before anything runs.
func TestErrorNoPermissionForTheReport(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.lock("models")
	code := s.asNobody("compare prod@main dev@HEAD -o models/report.html")
	want := "error: --output: write /shop/models/report.html: permission denied\n" +
		"hint: name a file in an existing directory that you may write to\nexit code 2\n"
	if _, said, _ := strings.Cut(s.story.String(), "\n"); code != 2 || said != want {
		t.Errorf("exit code %d\n%s\nwant\n%s", code, said, want)
	}
}

// makeWritable creates a directory that every user may write to.
func (s *shop) makeWritable(name string) {
	s.t.Helper()
	if err := errors.Join(os.Mkdir(s.file(name), 0o777), os.Chmod(s.file(name), 0o777)); err != nil {
		s.t.Fatal(err)
	}
}

// lock removes the write permission of all users except root for a directory and for
// dot's directories. All users may enter them.
func (s *shop) lock(name string) {
	s.t.Helper()
	err := os.Chmod(s.file(name), 0o555)
	s.t.Cleanup(func() { s.chmodAll(name, 0o700) })
	if name == ".dot" {
		s.chmodAll(name, 0o555)
	}
	program, lookErr := exec.LookPath("dot")
	err = errors.Join(err, lookErr)
	if os.Geteuid() == 0 {
		for _, dir := range []string{filepath.Dir(s.dir), filepath.Dir(program)} {
			for ; dir != os.TempDir() && dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
				err = errors.Join(err, os.Chmod(dir, 0o755))
			}
		}
		if name != ".dot" {
			s.chmodAll(".dot", 0o777)
		}
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// chmodAll changes the mode of a directory and its subdirectories, and lets all users
// read the files.
func (s *shop) chmodAll(name string, mode os.FileMode) {
	_ = filepath.WalkDir(s.file(name), func(file string, d os.DirEntry, err error) error {
		if err != nil {
			return nil // there is none
		}
		if d.IsDir() {
			return os.Chmod(file, mode)
		}
		return os.Chmod(file, 0o644)
	})
}

// asNobody runs dot in its own process as nobody, and returns its exit code.
func (s *shop) asNobody(command string) int {
	s.t.Helper()
	// Without this, git rejects a repository of another user.
	config := filepath.Join(s.t.TempDir(), "gitconfig")
	if err := errors.Join(writeFile(config, []byte("[safe]\n\tdirectory = *\n")), os.Chmod(filepath.Dir(filepath.Dir(config)), 0o755)); err != nil {
		s.t.Fatal(err)
	}
	cmd := exec.Command("dot", strings.Fields(command)...)
	cmd.Dir = s.cwd
	cmd.Env = slices.Concat(s.env, []string{
		"DOT_TEST_NOW=" + s.now.Format(time.RFC3339), "GIT_CONFIG_GLOBAL=" + config,
	})
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if os.Geteuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	err := cmd.Run()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		s.t.Skipf("dot can't be run as nobody here: %v", err)
	}
	fmt.Fprintf(&s.story, "$ dot %s\n%sexit code %d\n", command, s.portable(out.String()), cmd.ProcessState.ExitCode())
	return cmd.ProcessState.ExitCode()
}

// The doctor names the directories that can't be written to, and not what is below them.
func TestDoctorNoPermission(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		locked string
		built  bool
		want   string
	}{
		{".", false, "problem .dot missing, and it can't be made in /shop: dot can't write there: permission denied"},
		{".dot", true, "problem .dot /shop/.dot: dot can't write there: permission denied"},
		{".git", true, "problem repository /shop/.git: dot can't write there: permission denied"},
	} {
		t.Run(test.locked, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			if test.built {
				s.run("build prod@main")
			}
			s.lock(test.locked)
			s.story.Reset()
			s.asNobody("doctor")
			said := regexp.MustCompile(` +`).ReplaceAllString(s.story.String(), " ")
			if !strings.Contains(said, test.want) {
				t.Errorf("want %q:\n%s", test.want, said)
			}
			if n := strings.Count(said, "problem .dot ") - strings.Count(said, "others can read it"); n > 1 {
				t.Errorf("%d directories in .dot are named:\n%s", n, said)
			}
		})
	}
}

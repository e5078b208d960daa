//go:build unix

package proc_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"dot-for-dbt/internal/proc"
)

func sh(script string, args ...string) proc.Command {
	return proc.Command{Argv: append([]string{"sh", "-c", script, "sh"}, args...)}
}

func TestExit(t *testing.T) {
	for name, test := range map[string]struct {
		script string
		want   proc.Exit
		text   string
		ok     bool
	}{
		"success":        {"exit 0", proc.Exit{}, "exit code 0", true},
		"failure":        {"exit 3", proc.Exit{Code: 3}, "exit code 3", false},
		"killed":         {"kill -KILL $$", proc.Exit{Code: 137, Signal: "SIGKILL"}, "killed by SIGKILL", false},
		"ended":          {"kill -TERM $$", proc.Exit{Code: 143, Signal: "SIGTERM"}, "killed by SIGTERM", false},
		"unnamed signal": {"kill -USR1 $$", proc.Exit{Code: 128 + usr1, Signal: usr1Name}, "killed by " + usr1Name, false},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := sh(test.script).Run(t.Context())
			if err != nil || got != test.want {
				t.Fatalf("got %#v (%v), want %#v", got, err, test.want)
			}
			if got.String() != test.text || got.OK() != test.ok {
				t.Errorf("got %q, OK %t; want %q, %t", got, got.OK(), test.text, test.ok)
			}
		})
	}
}

func TestStreamsDirAndEnv(t *testing.T) {
	dir := t.TempDir()
	var out, errs bytes.Buffer
	c := sh(`read line; echo "$line $GREETING $(basename "$PWD") $HOME"; echo oops >&2`)
	c.Dir, c.Env = dir, []string{"GREETING=hello", "PATH=" + os.Getenv("PATH")}
	c.Stdin, c.Stdout, c.Stderr = strings.NewReader("input\n"), &out, &errs
	exit, err := c.Run(t.Context())
	ending{exit, err}.want(t, proc.Exit{})
	if want := "input hello " + filepath.Base(dir) + " \n"; out.String() != want || errs.String() != "oops\n" {
		t.Errorf("got %q, %q; want %q, %q", out.String(), errs.String(), want, "oops\n")
	}
}

func TestNoStdinIsTheNullDevice(t *testing.T) {
	exit, err := sh("read line").Run(t.Context())
	ending{exit, err}.want(t, proc.Exit{Code: 1})
}

func TestFilesAreHandedOnAsTheyAre(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	c := sh(`test -f /dev/fd/1 || test -f /dev/stdout`)
	c.Stdout = file
	exit, err := c.Run(t.Context())
	ending{exit, err}.want(t, proc.Exit{})
}

func TestCannotStart(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode fs.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	script := write("script", "#!/gone/bin/python\n", 0o755)
	crlf := write("crlf", "#!/bin/sh\r\n", 0o755)
	plain := write("plain", "text", 0o644)

	for name, test := range map[string]struct {
		command proc.Command
		says    string
		is      error
	}{
		"not found":           {proc.Command{Argv: []string{"no-such-program"}}, "no-such-program can't be started: there is no such program in PATH", exec.ErrNotFound},
		"path not found":      {proc.Command{Argv: []string{"/no/such"}}, "/no/such can't be started: no such file or directory", fs.ErrNotExist},
		"not executable":      {proc.Command{Argv: []string{plain}}, plain + " can't be started: permission denied", fs.ErrPermission},
		"a directory":         {proc.Command{Argv: []string{dir}}, dir + " can't be started: ", nil},
		"interpreter gone":    {proc.Command{Argv: []string{script}}, script + ` needs "/gone/bin/python", which does not exist`, fs.ErrNotExist},
		"interpreter with CR": {proc.Command{Argv: []string{crlf}}, `needs "/bin/sh\r", which does not exist`, fs.ErrNotExist},
		"relative script":     {proc.Command{Argv: []string{"./script"}, Dir: dir}, `needs "/gone/bin/python"`, fs.ErrNotExist},
		"dir missing":         {proc.Command{Argv: []string{"sh"}, Dir: dir + "/gone"}, "sh can't be started: its directory " + dir + "/gone: no such file or directory", fs.ErrNotExist},
		"dir is a file":       {proc.Command{Argv: []string{"sh"}, Dir: plain}, "sh can't be started: " + plain + " is not a directory", nil},
		"nothing to start":    {proc.Command{}, "no command was given", nil},
	} {
		t.Run(name, func(t *testing.T) {
			exit, err := test.command.Run(t.Context())
			if failed := (*proc.StartError)(nil); !errors.As(err, &failed) {
				t.Fatalf("got %v (%v), want a StartError", err, exit)
			}
			if !strings.Contains(err.Error(), test.says) || test.is != nil && !errors.Is(err, test.is) {
				t.Errorf("got %q, want %q and a %v", err, test.says, test.is)
			}
		})
	}
}

func TestCancelledBefore(t *testing.T) {
	mark := filepath.Join(t.TempDir(), "mark")
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("enough")
	cancel(why)
	if _, err := sh(`: >"$1"`, mark).Run(ctx); !errors.Is(err, why) {
		t.Errorf("got %v, want the cause", err)
	}
	if _, err := os.Stat(mark); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it was started: %v", err)
	}
}

func TestOutputThatCannotBeWritten(t *testing.T) {
	r, w := io.Pipe()
	full := errors.New("disk full")
	r.CloseWithError(full)
	c := sh("echo something; exit 0")
	c.Stdout = w
	if exit, err := c.Run(t.Context()); !errors.Is(err, full) || !exit.OK() {
		t.Errorf("got %v, %v; want exit code 0 and %v", exit, err, full)
	}
}

func TestOutput(t *testing.T) {
	out, err := proc.Output(t.Context(), sh("echo fine; echo noise >&2"))
	if err != nil || string(out) != "fine\n" {
		t.Errorf("got %q, %v", out, err)
	}
}

func TestOutputOfAFailure(t *testing.T) {
	out, err := proc.Output(t.Context(), sh(`echo partly; printf 'fatal: \033[31mno\n\n' >&2; exit 128`))
	failed := (*proc.ExitError)(nil)
	if !errors.As(err, &failed) || failed.Exit.Code != 128 || failed.Stderr != "fatal:  [31mno" {
		t.Fatalf("got %v", err)
	}
	if err.Error() != "sh: exit code 128: fatal:  [31mno" || string(out) != "partly\n" {
		t.Errorf("got %q, %q", err, out)
	}
}

func TestOutputKeepsTheEndOfStderr(t *testing.T) {
	_, err := proc.Output(t.Context(), sh(`yes noise | head -n 100000 >&2; echo the end >&2; exit 1`))
	failed := (*proc.ExitError)(nil)
	if !errors.As(err, &failed) || !strings.HasSuffix(failed.Stderr, "noise\nthe end") || len(failed.Stderr) > 16<<10 {
		t.Errorf("got %d bytes", len(err.Error()))
	}
}

func TestOutputCancelled(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	ready, w := pipe(t)
	why := errors.New("enough")
	go func() {
		_, _ = ready.Read(make([]byte, 1))
		cancel(why)
	}()
	c := sh("echo >&3; exec cat /dev/fd/4")
	stdin, _ := pipe(t)
	c.Inherit = []*os.File{w, stdin}
	if _, err := proc.Output(ctx, c); !errors.Is(err, why) {
		t.Errorf("got %v, want the cause", err)
	}
}

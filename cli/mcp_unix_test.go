//go:build unix

package cli_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

// hung returns an environment in which dbt hangs in a build, after its first node, and a function that
// waits until it does.
func (s *shop) hung() (env []string, hangs func()) {
	s.t.Helper()
	fifo := filepath.Join(s.t.TempDir(), "hung")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		s.t.Fatal(err)
	}
	return []string{"STANDIN_HANG=build", "STANDIN_HUNG=" + fifo}, func() {
		s.t.Helper()
		if _, err := os.ReadFile(fifo); err != nil {
			s.t.Fatal(err)
		}
	}
}

// interruptedBuild checks that a build of dev@HEAD ended as by Ctrl-C: nobody works on it, what was
// built is known, and the same command goes on. If the server was killed, the child may end when it
// prints to nobody, before it has heard of that; then what was built isn't known.
func (s *shop) interruptedBuild(known bool) {
	s.t.Helper()
	s.nobodyLeft()
	if status := s.run("status -v").stdout; !strings.Contains(status, "interrupted") {
		s.t.Errorf("the status doesn't say that it was interrupted:\n%s", status)
	}
	if later := s.dot(strings.Fields("plan build prod@main --defer dev@HEAD -s orders")); known && !strings.Contains(later.both, "1 of 5 nodes ok") {
		s.t.Errorf("what was built is not known:\n%s", later.both)
	}
	s.run("build dev@HEAD")
}

// A build that takes longer than the call has a handle. It can be asked for, and stopped.
func TestMCPHandle(t *testing.T) {
	withRace(t)
	t.Parallel()
	s := newShop(t)
	env, hangs := s.hung()
	a := s.agent(nil, env...)
	var built buildAnswer
	a.does("build", fields{"spec": "dev@HEAD", "wait_seconds": 0}, &built)
	if built.State != "running" || built.Handle == "" || built.Progress == "" {
		t.Errorf("a build that goes on: %+v", built)
	}
	hangs()
	var status statusAnswer
	for status.Built == nil || !strings.Contains(status.Built.Progress, "1 of 6 nodes") { // until the event has come
		a.does("status", fields{"handle": built.Handle}, &status)
		if status.Built == nil || status.Built.State != "running" {
			t.Fatalf("asked for by its handle: %+v", status.Built)
		}
	}
	a.does("status", fields{}, &status)
	if len(status.Running) != 1 || !strings.Contains(status.Running[0], built.Handle) || len(status.Builds) != 1 || status.Builds[0].State != "running" {
		t.Errorf("the list of builds: %+v", status)
	}
	// A call that asks doesn't end it.
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := a.session.CallTool(ctx, &sdk.CallToolParams{Name: "status", Arguments: fields{"handle": built.Handle, "wait_seconds": 60}}); err == nil {
		t.Error("a call that was cancelled was answered")
	}
	a.does("status", fields{"handle": built.Handle}, &status)
	if status.Built.State != "running" {
		t.Errorf("after a cancelled question: %+v", status.Built)
	}
	var stopped struct{ State string }
	a.does("stop", fields{"handle": built.Handle}, &stopped)
	if stopped.State != "interrupted" {
		t.Errorf("stopped: %+v", stopped)
	}
	a.call("status", fields{"handle": built.Handle, "wait_seconds": 60}, &status)
	if status.Built.State != "interrupted" {
		t.Errorf("after the stop: %+v", status.Built)
	}
	s.interruptedBuild(true)
	if said := a.refused("status", fields{"handle": "build-7"}); !strings.Contains(said, built.Handle) {
		t.Errorf("a handle that isn't there: %s", said)
	}
}

// A build whose call is cancelled, and those of a client or a server that dies, end as by Ctrl-C.
func TestMCPInterrupted(t *testing.T) {
	withRace(t)
	const killed = "the server gets SIGKILL"
	for name, end := range map[string]func(t *testing.T, a *agent, cancel func()){
		"the call is cancelled":   func(_ *testing.T, _ *agent, cancel func()) { cancel() },
		"the client is gone":      func(_ *testing.T, a *agent, _ func()) { a.in.Close() },
		"the server gets SIGTERM": func(_ *testing.T, a *agent, _ func()) { _ = a.cmd.Process.Signal(syscall.SIGTERM) },
		"the server gets SIGINT":  func(_ *testing.T, a *agent, _ func()) { _ = a.cmd.Process.Signal(os.Interrupt) },
		killed:                    func(_ *testing.T, a *agent, _ func()) { _ = a.cmd.Process.Kill() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			env, hangs := s.hung()
			a := s.agent(nil, env...)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			ended := make(chan error, 1)
			go func() {
				_, err := a.session.CallTool(ctx, &sdk.CallToolParams{Name: "build", Arguments: fields{"spec": "dev@HEAD", "wait_seconds": 600}})
				ended <- err
			}()
			hangs()
			end(t, a, cancel)
			if err := <-ended; err == nil {
				t.Error("the call was answered")
			}
			s.interruptedBuild(name != killed)
		})
	}
}

// A client that only stops reading is noticed, too.
func TestMCPBrokenPipe(t *testing.T) {
	withRace(t)
	t.Parallel()
	s := newShop(t)
	env, hangs := s.hung()
	cmd := exec.Command("dot", "mcp")
	cmd.Dir, cmd.Env = s.dir, slices.Concat(s.env, env, []string{"DOT_TEST_NOW=" + s.now.Format(time.RFC3339)})
	said := new(syncBuffer)
	cmd.Stderr = said
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	send := func(line string) {
		t.Helper()
		if _, err := in.Write([]byte(line + "\n")); err != nil {
			t.Fatal(err)
		}
	}
	send(`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"test","version":"1"}}}`)
	if _, err := out.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	send(`{"jsonrpc":"2.0","method":"notifications/initialized"}`)
	send(`{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"build","arguments":{"spec":"dev@HEAD","wait_seconds":600}}}`)
	hangs()
	out.Close()
	send(`{"jsonrpc":"2.0","id":3,"method":"ping"}`) // its answer can't be written
	_ = cmd.Wait()
	s.interruptedBuild(true)
}

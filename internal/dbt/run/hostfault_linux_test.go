package run

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dot-for-dbt/internal/dbt/tool"
	"dot-for-dbt/internal/proc"
)

// alive reports whether a process exists and is no zombie.
func alive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, rest, _ := strings.Cut(string(stat), ") ")
	return err == nil && !strings.HasPrefix(rest, "Z")
}

// eventually waits until a condition holds. It fails the test if that takes too long.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); <-tick.C {
		if holds() {
			return
		}
	}
	t.Fatalf("it never happens that %s", what)
}

// A patient is a command in a host that waits at a gate.
type patient struct {
	v             *venue
	command, host int // pids
	gate, counted string
	lock          *os.File // held by the command
	cancel        context.CancelFunc
	kill          chan struct{}
	ended         chan ran
}

// newPatient starts the command through a launcher, either in this process or in a helper program.
func newPatient(v *venue, start func(p *patient, call Call)) *patient {
	v.t.Helper()
	dir := v.t.TempDir()
	p := &patient{v: v, gate: filepath.Join(dir, "gate"), counted: filepath.Join(dir, "counted"), kill: make(chan struct{}), ended: make(chan ran, 1)}
	if err := syscall.Mkfifo(p.gate, 0o600); err != nil {
		v.t.Fatal(err)
	}
	lock, err := os.Create(filepath.Join(dir, "lock"))
	if err != nil {
		v.t.Fatal(err)
	}
	p.lock = lock
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		v.t.Fatal(err)
	}
	ready := filepath.Join(dir, "ready")
	call := v.call(nil, "wait", ready, p.gate, p.counted)
	call.Inherit = []*os.File{lock}
	start(p, call)
	eventually(v.t, "the command waits", func() bool {
		text, err := os.ReadFile(ready)
		if err != nil {
			return false
		}
		n, _ := fmt.Sscan(string(text), &p.command, &p.host)
		return n == 2
	})
	v.t.Cleanup(func() {
		eventually(v.t, "host and command are gone", func() bool { return !alive(p.command) && !alive(p.host) })
		if err := syscall.Flock(int(p.reopened()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
			v.t.Errorf("the lock is held still: %v", err)
		}
	})
	return p
}

// launch runs the command through a launcher in this process.
func launch(p *patient, call Call) {
	l := &Launcher{}
	ctx, cancel := context.WithCancel(proc.WithKill(context.Background(), p.kill))
	p.cancel = cancel
	p.v.t.Cleanup(cancel)
	l.Expect(ctx, 2, p.v.hosting, call.Env)
	go func() {
		got := run(ctx, l, call)
		l.Close()
		p.ended <- got
	}()
}

// reopened closes p.lock and opens the lock's file again, so that only other processes' locks
// count.
func (p *patient) reopened() uintptr {
	p.v.t.Helper()
	p.lock.Close()
	f, err := os.Open(p.lock.Name())
	if err != nil {
		p.v.t.Fatal(err)
	}
	p.v.t.Cleanup(func() { f.Close() })
	return f.Fd()
}

// goOn opens the gate, so that the command ends by itself.
func (p *patient) goOn() {
	p.v.t.Helper()
	gate, err := os.OpenFile(p.gate, os.O_WRONLY, 0)
	if err != nil {
		p.v.t.Fatal(err)
	}
	gate.Close()
}

// interrupted waits until the command was interrupted, exactly once.
func (p *patient) interrupted() {
	p.v.t.Helper()
	var text []byte
	eventually(p.v.t, "it is interrupted", func() bool {
		text, _ = os.ReadFile(p.counted)
		return len(text) > 0
	})
	if string(text) != "1" {
		p.v.t.Errorf("it is interrupted %s times", text)
	}
}

// interruptedNoMore waits for the command's end and checks that it was interrupted once in all. A
// second interrupt would make it miss the gate.
func (p *patient) interruptedNoMore() {
	p.v.t.Helper()
	eventually(p.v.t, "the command is gone", func() bool {
		if gate, err := os.OpenFile(p.gate, os.O_WRONLY|syscall.O_NONBLOCK, 0); err == nil {
			gate.Close()
		}
		return !alive(p.command)
	})
	if text, _ := os.ReadFile(p.counted); string(text) != "1" {
		p.v.t.Errorf("it was interrupted %s times in all", text)
	}
}

func (p *patient) signal(pid int, s syscall.Signal) {
	p.v.t.Helper()
	if err := syscall.Kill(pid, s); err != nil {
		p.v.t.Fatal(err)
	}
}

func (p *patient) want(want ran) {
	p.v.t.Helper()
	if diff := cmp.Diff(want, <-p.ended); diff != "" {
		p.v.t.Errorf("(-want +got):\n%s", diff)
	}
}

const hostKilled = "running dbt: its host was lost while it ran: the host ended (killed by SIGKILL)"

func TestHostedInterrupt(t *testing.T) {
	p := newPatient(newVenue(t), launch)
	p.cancel()
	p.interrupted()
	p.goOn()
	p.want(ran{Stdout: "interrupted 1 times\n"})
}

func TestHostedKill(t *testing.T) {
	p := newPatient(newVenue(t), launch)
	p.cancel()
	p.interrupted()
	close(p.kill)
	p.want(ran{Exit: proc.Exit{Code: 137, Signal: "SIGKILL"}})
}

func TestHostedCommandKilled(t *testing.T) {
	p := newPatient(newVenue(t), launch)
	p.signal(p.command, syscall.SIGKILL)
	p.want(ran{Exit: proc.Exit{Code: 137, Signal: "SIGKILL"}})
}

// If the host is killed, the command is interrupted once, and dot waits for it, because it has the
// locks.
func TestHostKilled(t *testing.T) {
	p := newPatient(newVenue(t), launch)
	p.signal(p.host, syscall.SIGKILL)
	p.interrupted()
	select {
	case got := <-p.ended:
		t.Errorf("it is not waited for: %+v", got)
	default:
	}
	p.goOn()
	p.want(ran{Err: hostKilled, Stdout: "interrupted 1 times\n"})
}

// The same, but the command ignores the interrupt: a second Ctrl-C ends it.
func TestHostKilledAndCommandToo(t *testing.T) {
	p := newPatient(newVenue(t), launch)
	p.signal(p.host, syscall.SIGKILL)
	p.interrupted()
	p.cancel()
	close(p.kill)
	p.want(ran{Err: hostKilled})
}

// A command can be killed even if its host is stopped.
func TestHostStandsStill(t *testing.T) {
	defer func(patience time.Duration) { stuck = patience }(stuck)
	stuck = 100 * time.Millisecond
	p := newPatient(newVenue(t), launch)
	p.signal(p.host, syscall.SIGSTOP)
	p.cancel()
	close(p.kill)
	p.want(ran{Err: hostKilled})
}

// If dot is killed, the command is interrupted once, and goes on to its end under its locks.
func TestHostsDotKilled(t *testing.T) {
	for _, together := range []bool{false, true} {
		t.Run(fmt.Sprintf("with its host %t", together), func(t *testing.T) {
			var dot *exec.Cmd
			p := newPatient(newVenue(t), func(p *patient, call Call) {
				dot = playDot(p, call)
			})
			if together { // the first of them must not notice that the other is gone
				p.signal(dot.Process.Pid, syscall.SIGSTOP)
				p.signal(p.host, syscall.SIGKILL)
			}
			p.signal(dot.Process.Pid, syscall.SIGKILL)
			_ = dot.Wait()
			p.interrupted()
			if err := syscall.Flock(int(p.reopened()), syscall.LOCK_EX|syscall.LOCK_NB); !errors.Is(err, syscall.EWOULDBLOCK) {
				t.Errorf("its lock is not held: %v", err)
			}
			p.goOn()
			p.interruptedNoMore()
		})
	}
}

// If dot is gone and the command ignores the interrupt, it is killed after some time.
func TestHostsDotKilledAndCommandDeaf(t *testing.T) {
	var dot *exec.Cmd
	p := newPatient(newVenue(t), func(p *patient, call Call) {
		dot = playDot(p, call, "DBT_TEST_GRACE=0.1")
	})
	p.signal(dot.Process.Pid, syscall.SIGKILL)
	_ = dot.Wait()
	p.interrupted()
	eventually(t, "the command is killed", func() bool { return !alive(p.command) })
}

// playDot starts a helper program that acts as dot and runs the command, with additional variables.
func playDot(p *patient, call Call, env ...string) *exec.Cmd {
	p.v.t.Helper()
	dot := exec.Command(os.Args[0], append([]string{call.Dir, p.lock.Name()}, call.Argv...)...)
	dot.Env = slices.Concat(call.Env, []string{"DBT_TEST_PART=launch"}, env)
	dot.Stderr = os.Stderr
	p.lock.Close() // only the helper must hold it
	if err := dot.Start(); err != nil {
		p.v.t.Fatal(err)
	}
	return dot
}

// TestMain lets the test binary act as dot.
func TestMain(m *testing.M) {
	if os.Getenv("DBT_TEST_PART") != "launch" {
		os.Exit(m.Run())
	}
	if grace := os.Getenv("DBT_TEST_GRACE"); grace != "" {
		hostProgram = strings.Replace(hostProgram, "GRACE = 60", "GRACE = "+grace, 1)
	}
	dir, lockFile, argv := os.Args[1], os.Args[2], os.Args[3:]
	lock, err := os.Open(lockFile)
	if err == nil {
		err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX)
	}
	hosting := Hosting{Tool: tool.Tool{Argv: argv[:1], Path: argv[0], Release: tool.Release{Version: "1.11.16"}}, Adapter: "duckdb"}
	l := &Launcher{}
	l.Expect(context.Background(), 2, hosting, os.Environ())
	exit, runErr := l.Run(context.Background(), Call{Argv: argv, Dir: dir, Env: os.Environ(), Inherit: []*os.File{lock}, Hosting: hosting})
	fmt.Println(exit, errors.Join(err, runErr))
}

// Invalid messages of a host are an error, whatever they are.
func TestHostSaysRubbish(t *testing.T) {
	greet := "import socket,sys\ncontrol = socket.socket(fileno=int(sys.argv[1]))\n"
	take := greet + "control.send(b'ready')\nfds = socket.recv_fds(control, 16, 99)[1]\nline = socket.socket(fileno=fds[0])\n"
	for _, tt := range []struct {
		name, program string
		says, err     string
	}{
		{"at its start", greet + "control.send(bytes(range(256)))", "it should say that it is ready, but says ", ""},
		{"no Python", "rubbish(", "the host ended (exit code 1): SyntaxError: '(' was never closed", ""},
		{"nothing", greet, "the host ended", ""},
		{"about a command", take + "line.send(b'exit \\x00\\xff\\n')\ncontrol.recv(1)", "", "running dbt: its host was lost while it ran: it says "},
		{"a pid that is none", take + "line.send(b'pid -1\\n')\ncontrol.recv(1)", "", "running dbt: its host was lost while it ran: it says \"pid -1\""},
		{"without an end", take + "line.send(b'x' * 200000)\ncontrol.recv(1)", "", "running dbt: its host was lost while it ran"},
		{"nothing about a command", take, "", "running dbt: its host was lost while it ran: the host ended"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			real := hostProgram
			defer func() { hostProgram = real }()
			hostProgram = tt.program
			v := newVenue(t)
			l := v.launcher()
			got := run(t.Context(), l, v.call(nil, "exit", "3"))
			if tt.err != "" {
				if !strings.HasPrefix(got.Err, tt.err) {
					t.Errorf("error %q, want %q", got.Err, tt.err)
				}
				return
			}
			if want := (ran{Exit: proc.Exit{Code: 3}}); got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
			if ways := l.Ways(); len(ways) != 1 || !strings.Contains(ways[0], ownProcess+tt.says) {
				t.Errorf("it says %q, want %q", ways, tt.says)
			}
		})
	}
}

// If a host can't start a child, it reports that, and dbt runs as a process of its own.
func TestHostCannotFork(t *testing.T) {
	real := hostProgram
	defer func() { hostProgram = real }()
	hostProgram = strings.Replace(real, "pid = os.fork()", "raise OSError(11, 'too many')", 1)
	v := newVenue(t)
	got := run(t.Context(), v.launcher(), v.call(nil, "exit", "3"))
	v.wantWays("in a host, which imports dbt once", ownProcess+"[Errno 11] too many")
	if want := (ran{Exit: proc.Exit{Code: 3}}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// Concurrent commands in one host don't hold each other's connections open, and don't get mixed up.
func TestHostedTogether(t *testing.T) {
	v := newVenue(t)
	l := v.launcher()
	const n = 8
	codes := make(chan string, n)
	for i := range n {
		call := v.call([]string{"DBT_N=" + strconv.Itoa(i)}, "exit", strconv.Itoa(i))
		go func() {
			got := run(t.Context(), l, call)
			codes <- fmt.Sprintf("%d: %d %s", i, got.Exit.Code, got.Err)
		}()
	}
	seen := map[string]bool{}
	for range n {
		seen[<-codes] = true
	}
	for i := range n {
		if want := fmt.Sprintf("%d: %d ", i, i); !seen[want] {
			t.Errorf("%q is not among %v", want, seen)
		}
	}
}

// A dot that is cancelled while the host starts does not wait for the host.
func TestHostStartCancelled(t *testing.T) {
	v := newVenue(t)
	gate := filepath.Join(t.TempDir(), "gate")
	if err := syscall.Mkfifo(gate, 0o600); err != nil {
		t.Fatal(err)
	}
	env := []string{"FAKE_DBT_IMPORT=hang", "FAKE_DBT_GATE=" + gate}
	ctx, cancel := context.WithCancel(t.Context())
	l := &Launcher{}
	l.Expect(ctx, 2, v.hosting, append(v.env, env...))
	ended := make(chan ran)
	go func() { ended <- run(ctx, l, v.call(env)) }()
	eventually(t, "the host waits", func() bool {
		f, err := os.OpenFile(gate, os.O_WRONLY|syscall.O_NONBLOCK, 0)
		if err == nil {
			t.Cleanup(func() { f.Close() })
		}
		return err == nil
	})
	cancel()
	if got := <-ended; !strings.Contains(got.Err, "was not started: context canceled") {
		t.Errorf("got %+v", got)
	}
	l.Close()
}

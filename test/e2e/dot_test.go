//go:build unix

package e2e

import (
	"bytes"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"dot-for-dbt/internal/testing/schematest"
)

// A result is the result of a command.
type result struct {
	stdout, stderr string
	code           int // -1 if a signal ended it
}

// said is a dot command and its output.
type said struct {
	args []string
	result
}

// explain shows, in a test that has failed, the last command of dot, its output, and what dot would
// do now.
func (s *shop) explain() {
	if !s.t.Failed() || len(s.said) == 0 {
		return
	}
	for _, each := range s.said {
		s.t.Logf("$ dot %s\n%s%s(exit code %d)", strings.Join(each.args, " "), each.stderr, each.stdout, each.code)
	}
	last := s.said[len(s.said)-1].args
	if last[0] == "plan" {
		return
	}
	binary, err := dotBinary()
	if err != nil {
		return
	}
	cmd := exec.Command(binary, append([]string{"plan"}, last...)...) // without the test's context, which has ended
	cmd.Dir, cmd.Env = s.dir, s.env
	out, _ := cmd.CombinedOutput()
	s.t.Logf("$ dot plan %s\n%s", strings.Join(last, " "), out)
}

// dot runs the dot binary in the project.
func (s *shop) dot(args ...string) result {
	s.t.Helper()
	return s.start(args...).wait()
}

// mustDot runs the dot binary in the project. It must succeed.
func (s *shop) mustDot(args ...string) result {
	s.t.Helper()
	res := s.dot(args...)
	if res.code != 0 {
		s.t.Fatalf("dot %s: exit code %d", strings.Join(args, " "), res.code)
	}
	return res
}

// refused runs the dot binary. It must end with exit code 2, start no dbt commands except dbts, and
// print all of these texts.
func (s *shop) refused(args []string, dbts string, says ...string) {
	s.t.Helper()
	var res result
	if got := s.started(func() { res = s.dot(args...) }); got != dbts {
		s.t.Errorf("dot %s started dbt %q, want %q", strings.Join(args, " "), got, dbts)
	}
	if res.code != 2 {
		s.t.Errorf("dot %s: exit code %d, want 2", strings.Join(args, " "), res.code)
	}
	for _, want := range says {
		if !strings.Contains(res.stderr, want) {
			s.t.Errorf("dot %s does not say %q", strings.Join(args, " "), want)
		}
	}
}

// A call is a running dot.
type call struct {
	s              *shop
	line           string
	args           []string
	cmd            *exec.Cmd
	stdout, stderr buffer
	done           chan struct{} // closed when it has ended
}

// start starts the dot binary.
func (s *shop) start(args ...string) *call {
	s.t.Helper()
	binary, err := binaryFor(args)
	if err != nil {
		s.t.Fatal(err)
	}
	c := &call{s: s, args: args, line: "dot " + strings.Join(args, " "), done: make(chan struct{})}
	c.cmd = s.commandIn(s.dir, binary, args...)
	return c.run()
}

// binaryFor returns the dot for these arguments. The race detector takes one or two seconds of each dot that
// builds. So it is only in a dot of several specs, whose builds share state, and in every dot of make test-full.
func binaryFor(args []string) (string, error) {
	specs := 0
	for i, arg := range args {
		if i > 0 && strings.Contains(arg, "@") && !strings.HasPrefix(args[i-1], "--") {
			specs++
		}
	}
	if specs > 1 || inFull() {
		return racedBinary()
	}
	return dotBinary()
}

// startAt is start with a gate for the dbts that dot starts.
func (s *shop) startAt(g *gate, args ...string) *call {
	s.t.Helper()
	env := s.env
	s.setenv(g.env...)
	defer func() { s.env = env }()
	return s.start(args...)
}

func (c *call) run() *call {
	c.s.t.Helper()
	c.cmd.Stdout, c.cmd.Stderr = &c.stdout, &c.stderr
	// A dbt that outlives a killed dot may keep the pipes open for long.
	c.cmd.WaitDelay = 100 * time.Millisecond
	if err := c.cmd.Start(); err != nil {
		c.s.t.Fatal(err)
	}
	go func() {
		_ = c.cmd.Wait() // wait looks at its exit code
		spent(c.s.t, c.cmd.ProcessState)
		close(c.done)
	}()
	return c
}

// wait waits for dot to end.
func (c *call) wait() result {
	c.s.t.Helper()
	select {
	case <-c.done:
	case <-time.After(patience):
		_ = c.cmd.Process.Kill()
		<-c.done
		c.s.t.Errorf("%s does not end", c.line)
	}
	res := result{c.stdout.String(), c.stderr.String(), c.cmd.ProcessState.ExitCode()}
	c.s.said = append(c.s.said, said{c.args, res})
	schematest.Output(c.s.t, c.args, res.stdout, res.code)
	return res
}

func (c *call) ended() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// signal sends a signal to dot alone, if it is still running.
func (c *call) signal(sig syscall.Signal) { _ = c.cmd.Process.Signal(sig) }

// says waits until dot has printed a text on stderr.
func (c *call) says(text string) {
	c.s.t.Helper()
	eventually(c.s.t, c.line+" says "+text, func() bool {
		if c.ended() && !strings.Contains(c.stderr.String(), text) {
			c.wait()
			c.s.t.Fatalf("%s ended without saying %q", c.line, text)
		}
		return strings.Contains(c.stderr.String(), text)
	})
}

// A buffer can be read while it is being written.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// during runs do with other variables for the programs it starts.
func (s *shop) during(vars []string, do func()) {
	env := s.env
	s.setenv(vars...)
	defer func() { s.env = env }()
	do()
}

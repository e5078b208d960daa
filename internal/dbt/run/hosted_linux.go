package run

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/proc"
	"dot-for-dbt/internal/text"
)

// stuck is the time limit for what a host does at once, such as ending.
var stuck = 5 * time.Second // tests have less time

// hosted is a command that was sent to a host.
type hosted struct {
	host *host
	line *os.File    // connection to the host about this command
	says chan string // messages of the host and the child; closed when the connection ends
	life *os.File    // ends when the child has ended
	pid  int         // of the child; 0 until the child has sent it
}

func newHosted(h *host, line, life *os.File) *hosted {
	c := &hosted{host: h, line: line, life: life, says: make(chan string)}
	go func() {
		defer close(c.says)
		lines := bufio.NewScanner(line)
		for lines.Scan() {
			c.says <- lines.Text()
		}
	}()
	return c
}

func (c *hosted) close() {
	c.line.Close()
	c.life.Close()
	for range c.says { // lets the reader end
	}
}

// wait waits for the command to end. It passes on ctx's end: at most one interrupt, and a kill.
func (c *hosted) wait(ctx context.Context) (proc.Exit, error) {
	interrupt, kill := ctx.Done(), proc.KillChannel(ctx)
	var failed string
	var tooLate <-chan time.Time
	for {
		select {
		case said, more := <-c.says:
			if !more {
				return c.lost(kill, nil)
			}
			word, rest, _ := strings.Cut(said, " ")
			number, err := strconv.Atoi(rest)
			switch {
			case word == "refused":
				return proc.Exit{}, refusal(rest)
			case word == "failed":
				failed = rest
			case word == "pid" && err == nil && number > 1:
				c.pid = number
			case word == "exit" && err == nil && failed != "":
				return proc.Exit{}, fmt.Errorf("running dbt: it can't be started: %s", failed)
			case word == "exit" && err == nil:
				return proc.Exit{Code: number}, nil
			case word == "signal" && err == nil:
				return proc.Killed(syscall.Signal(number)), nil
			default:
				return c.lost(kill, fmt.Errorf("it says %q", text.Shorten(said)))
			}
		case <-interrupt:
			interrupt = nil
			_, _ = c.line.WriteString("i") // a host that has ended shows by its silence
		case <-kill:
			kill = nil
			_, _ = c.line.WriteString("k")
			if c.pid != 0 { // a host that is stopped would not do it
				killGroup(c.pid)
			}
			tooLate = time.After(stuck)
		case <-tooLate:
			c.host.abandon()
		}
	}
}

// lost waits until a child whose host is lost has ended. Linux interrupts the child, and its locks
// last as long as it does.
func (c *hosted) lost(kill <-chan struct{}, cause error) (proc.Exit, error) {
	err := hint.New(
		"running dbt: its host was lost while it ran: "+c.host.lost(cause),
		"dbt's log says how far it got; run the same command again to continue",
		"--no-dbt-host runs each dbt as a process of its own",
	)
	says := c.says
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		_, _ = io.Copy(io.Discard, c.life)
	}()
	for {
		select {
		case <-gone:
			return proc.Exit{}, err
		case text, more := <-says: // the pid may be the last message
			if number, ok := strings.CutPrefix(text, "pid "); ok && more && c.pid == 0 {
				c.pid, _ = strconv.Atoi(number)
			}
			if !more {
				says = nil
			}
		case <-kill:
			kill = nil
			if c.pid > 1 {
				killGroup(c.pid)
			}
		}
	}
}

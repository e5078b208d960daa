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

// stuck is how long a host may take for what it does at once, such as to end.
var stuck = 5 * time.Second // tests are less patient

// hosted is a command that a host has been given.
type hosted struct {
	host *host
	line *os.File    // to the host, about this command
	says chan string // what the host and the child say there; closed at the end of it
	life *os.File    // ends when the child is gone
	pid  int         // of the child; 0 as long as it has not said so
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

// wait waits for the command to end, and passes on what ctx says: at most one interrupt, and a kill.
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
			_, _ = c.line.WriteString("i") // a host that is gone is noticed by its silence
		case <-kill:
			kill = nil
			_, _ = c.line.WriteString("k")
			if c.pid != 0 { // a host that stands still would not do it
				killGroup(c.pid)
			}
			tooLate = time.After(stuck)
		case <-tooLate:
			c.host.abandon()
		}
	}
}

// lost waits for a child whose host is gone, or of no use, to end: Linux tells it, and its locks last as long as it
// does.
func (c *hosted) lost(kill <-chan struct{}, cause error) (proc.Exit, error) {
	err := hint.New(
		"running dbt: its host was lost meanwhile: "+c.host.lost(cause),
		"how far dbt has got is in its log; the same command goes on from there",
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
		case text, more := <-says: // the pid may be the last thing that is heard
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

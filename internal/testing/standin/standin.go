package standin

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// version is the version of dbt that this stands in for.
const version = "1.11.16"

// A Process is what dbt gets from the operating system at its start.
type Process struct {
	Args           []string // without the program's name
	Env            []string // NAME=value
	Dir            string   // the working directory
	Stdout, Stderr io.Writer
	Now            func() time.Time

	format, level string // of messages: --log-format and --log-level
	id            string // of the invocation
}

// getenv returns the variable's value, "" if it is not set.
func (p Process) getenv(name string) string {
	value, _ := p.lookup(name)
	return value
}

func (p Process) lookup(name string) (string, bool) {
	for i := len(p.Env) - 1; i >= 0; i-- {
		if value, ok := strings.CutPrefix(p.Env[i], name+"="); ok {
			return value, true
		}
	}
	return "", false
}

// exit is an error with an exit code. dbt's codes are 1 if a node failed, and 2 for anything else.
type exit struct {
	code int
	msg  string
}

func (e *exit) Error() string { return e.msg }

// usage returns an error with exit code 2.
func usage(format string, args ...any) error { return &exit{2, fmt.Sprintf(format, args...)} }

// Main runs one command and returns the exit code.
func Main(p Process) int {
	p.id = rand.Text()
	if l, err := p.parseLine(); err == nil {
		p.format, p.level = l.text("log-format"), l.text("log-level")
	}
	err := p.run()
	var e *exit
	switch {
	case err == nil:
		return 0
	case errors.As(err, &e):
		if e.msg != "" {
			p.say(failure, "%s", e.msg)
		}
		return p.code(e.code)
	}
	p.say(failure, "Encountered an error:\n%v", err)
	return p.code(2)
}

func (p Process) run() error {
	if dir, ok := p.marks(); ok {
		return p.mark(dir)
	}
	if err := p.logInvocation(); err != nil {
		return err
	}
	if slices.Equal(p.Args, []string{"--version"}) {
		p.printf("%s", p.versionText())
		return nil
	}
	if err := p.checkVariables(); err != nil {
		return err
	}
	l, err := p.parseLine()
	if err != nil {
		return err
	}
	p.printBinary(l.command)
	if command, code, ok := strings.Cut(p.getenv("STANDIN_EXIT"), " "); ok && command == l.command {
		e := &exit{msg: "STANDIN_EXIT tells dbt " + command + " to fail"}
		if _, err := fmt.Sscan(code, &e.code); err != nil {
			return fmt.Errorf("STANDIN_EXIT: %w", err)
		}
		return e
	}
	if l.command == "init" {
		return p.misbehave(l.command)
	}
	if l.command == "deps" {
		if err := p.misbehave(l.command); err != nil {
			return err
		}
		return p.deps(l)
	}
	s, err := p.open(l)
	if err != nil {
		return err
	}
	return s.do()
}

// logInvocation appends the command line and the process id to the logs of starts.
func (p Process) logInvocation() error {
	for name, text := range map[string]string{"STANDIN_LOG": strings.Join(p.Args, " "), "STANDIN_PIDS": fmt.Sprint(os.Getpid())} {
		if file := p.getenv(name); file != "" {
			if err := appendTo(file, text+"\n"); err != nil {
				return err
			}
		}
	}
	return nil
}

func appendTo(file, text string) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

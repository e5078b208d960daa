package cli

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// A Process is what Main needs of the operating system.
type Process struct {
	Args           []string // without the program's name
	Executable     string   // the path of the program, "" if it is not known
	Env            []string // NAME=value
	Dir            string   // the working directory
	Home           string   // the user's home directory, "" if there is none
	Stdin          *os.File // where answers are typed, nil for nowhere
	Stdout, Stderr io.Writer
	Now            func() time.Time
}

// ThisProcess is the process that runs.
func ThisProcess() (Process, error) {
	dir, err := os.Getwd()
	if err != nil {
		return Process{}, fmt.Errorf("the working directory can't be told: %w", err)
	}
	home, _ := os.UserHomeDir() // without one, profiles.yml is not looked for there
	self, _ := os.Executable()  // only dot doctor wants to know
	return Process{
		Args: os.Args[1:], Executable: self, Env: os.Environ(), Dir: dir, Home: home,
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Now: time.Now,
	}, nil
}

func (p Process) getenv(name string) string {
	for i := len(p.Env) - 1; i >= 0; i-- {
		if value, ok := strings.CutPrefix(p.Env[i], name+"="); ok {
			return value
		}
	}
	return ""
}

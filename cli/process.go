package cli

import (
	"fmt"
	"io"
	"os"
	"os/user"
	"strings"
	"time"
)

// A Process has everything that Main needs from the operating system.
type Process struct {
	Args           []string // without the program's name
	Executable     string   // the path of the program, "" if it is not known
	Env            []string // NAME=value
	Dir            string   // the working directory
	Home           string   // the user's home directory, "" if there is none
	Stdin          *os.File // for answers, nil for none
	Stdout, Stderr io.Writer
	Now            func() time.Time
}

// ThisProcess returns the running process.
func ThisProcess() (Process, error) {
	dir, err := os.Getwd()
	if err != nil {
		return Process{}, fmt.Errorf("find the working directory: %w", err)
	}
	self, _ := os.Executable() // only for dot doctor
	return Process{
		Args: os.Args[1:], Executable: self, Env: os.Environ(), Dir: dir, Home: home(),
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Now: time.Now,
	}, nil
}

// home returns the directory in which dbt looks for .dbt/profiles.yml. A container or a service may start dot
// without the variable HOME. Then Python takes the directory of the account.
func home() string {
	if dir, err := os.UserHomeDir(); err == nil {
		return dir
	}
	if _, empty := os.LookupEnv("HOME"); empty {
		return ""
	}
	account, err := user.Current()
	if err != nil {
		return ""
	}
	return account.HomeDir
}

func (p Process) getenv(name string) string {
	for i := len(p.Env) - 1; i >= 0; i-- {
		if value, ok := strings.CutPrefix(p.Env[i], name+"="); ok {
			return value
		}
	}
	return ""
}

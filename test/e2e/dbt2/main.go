//go:build unix

// Command dbt is a shop's dbt 2. It tells the test that dbt was started and stands still where the
// test asks, with the variables of testdata/sitecustomize.py, but not at nodes. Then it becomes the
// dbt 2 of SHOP_DBT2.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

func main() {
	code, err := run(os.Getenv("SHOP_DBT2"), os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "the test's dbt 2:", err)
	}
	os.Exit(code)
}

// run starts dbt and returns its exit code. It only returns if the test asks for a stop after dbt,
// or on an error.
func run(dbt string, args []string) (code int, err error) {
	if slices.Equal(args, []string{"--version"}) {
		return 2, become(dbt, args)
	}
	command := name(args)
	log, err := os.OpenFile(os.Getenv("SHOP_DBT_LOG"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		return 2, err
	}
	if _, err := fmt.Fprintf(log, "%d %s\n", os.Getpid(), command); err != nil {
		return 2, err
	}
	if err := log.Close(); err != nil {
		return 2, err
	}
	if err := passBy("before " + command); err != nil {
		return 2, err
	}
	if os.Getenv("SHOP_DBT_STOP") != "after "+command {
		return 2, become(dbt, args)
	}
	// Ctrl-C reaches dbt, too, whose exit code counts.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGINT)
	cmd := exec.Command(dbt, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	err = cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		return 2, err
	}
	signal.Reset(syscall.SIGINT) // it comes if dot is killed
	return cmd.ProcessState.ExitCode(), passBy("after " + command)
}

// become replaces this process by dbt, which keeps its process id.
func become(dbt string, args []string) error {
	return syscall.Exec(dbt, append(os.Args[:1:1], args...), os.Environ())
}

// name is the name of a dbt command in the log. dot asks the warehouse, and marks a schema, with a
// dbt run of a project of its own.
func name(args []string) string {
	for _, arg := range args {
		switch base := filepath.Base(arg); {
		case base == "mark":
			return "mark"
		case base == "question", strings.Contains(arg, "dot-question-"):
			return "question"
		}
	}
	if len(args) == 0 {
		return ""
	}
	return args[0]
}

// passBy stands still if the test asks for it here, until it has opened and closed the gate.
func passBy(place string) error {
	if os.Getenv("SHOP_DBT_STOP") != place {
		return nil
	}
	gate, err := os.Open(os.Getenv("SHOP_DBT_GATE"))
	if err != nil {
		return err
	}
	defer gate.Close()
	_, err = io.Copy(io.Discard, gate)
	return err
}

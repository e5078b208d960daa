// Command dot is the dot under test: dot as it is, but for its clock, which
// stands still at DOT_TEST_NOW (RFC 3339) where that is set.
package main

import (
	"fmt"
	"os"
	"time"

	"dot-for-dbt/cli"
)

func main() {
	dir, err := os.Getwd()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	now := time.Now
	if text := os.Getenv("DOT_TEST_NOW"); text != "" {
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		now = func() time.Time { return at }
	}
	home, _ := os.UserHomeDir()
	os.Exit(cli.Main(cli.Process{
		Args: os.Args[1:], Env: os.Environ(), Dir: dir, Home: home,
		Stdout: os.Stdout, Stderr: os.Stderr, Now: now,
	}))
}

// Command dot runs dbt at any git commit, in a schema of its own.
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
		fmt.Fprintln(os.Stderr, "error: the working directory can't be told:", err)
		os.Exit(2)
	}
	home, _ := os.UserHomeDir() // without one, profiles.yml is not looked for there
	os.Exit(cli.Main(cli.Process{
		Args: os.Args[1:], Env: os.Environ(), Dir: dir, Home: home,
		Stdout: os.Stdout, Stderr: os.Stderr, Now: time.Now,
	}))
}

// Command dot runs dbt at any git commit, in a schema of its own.
package main

import (
	"fmt"
	"os"

	"dot-for-dbt/cli"
)

func main() {
	process, err := cli.ThisProcess()
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(2)
	}
	os.Exit(cli.Main(process))
}

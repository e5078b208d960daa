// Command dot runs dbt at any git commit, in a schema of its own.
package main

import (
	"fmt"
	"os"
	"runtime/debug"

	"dot-for-dbt/cli"
)

func main() {
	if os.Getenv("GOGC") == "" {
		// dot lives for a moment, or waits for dbt: a few megabytes cost less than collecting them.
		debug.SetGCPercent(400)
	}
	process, err := cli.ThisProcess()
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(2)
	}
	os.Exit(cli.Main(process))
}

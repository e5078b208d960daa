// Command dot is the dot under test. It differs from dot only in its clock, which stands still at
// DOT_TEST_NOW (RFC 3339) if that is set.
package main

import (
	"fmt"
	"os"
	"time"

	"dot-for-dbt/cli"
)

func main() {
	process, err := cli.ThisProcess()
	if text := os.Getenv("DOT_TEST_NOW"); text != "" && err == nil {
		var at time.Time
		at, err = time.Parse(time.RFC3339, text)
		process.Now = func() time.Time { return at }
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(2)
	}
	os.Exit(cli.Main(process))
}

package steps

import "fmt"

// A DBTError is a dbt command that failed.
type DBTError struct {
	Command string   // "build"
	On      string   // the build: dev@9b13827
	Code    int      // dbt's exit code (see [dbt.Command.ExitCode]), 128+n after signal n
	How     string   // how it ended, in words
	Advice  []string // what to do next
}

func (e *DBTError) Error() string {
	return fmt.Sprintf("dbt %s failed on %s: %s", e.Command, e.On, e.How)
}

// Hints returns what to do next.
func (e *DBTError) Hints() []string { return e.Advice }

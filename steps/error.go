package steps

import "fmt"

// A DBTError is a dbt command that failed.
type DBTError struct {
	Command string // "build"
	On      string // the build: dev@9b13827
	Code    int    // dbt's exit code, 128+n after signal n
	How     string // how it ended, in words
	Hint    string // what to do next, "" for none
}

func (e *DBTError) Error() string {
	return fmt.Sprintf("dbt %s failed on %s: %s", e.Command, e.On, e.How)
}

// Hints returns what to do next.
func (e *DBTError) Hints() []string {
	if e.Hint == "" {
		return nil
	}
	return []string{e.Hint}
}

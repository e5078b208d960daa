package dbt

import "testing"

// command is a command by name.
func command(t *testing.T, name string) Command {
	t.Helper()
	c, ok := LookupCommand(name)
	if !ok {
		t.Fatalf("there is no command %q", name)
	}
	return c
}

package dbt

import "testing"

// command looks up a command by name.
func command(t *testing.T, name string) Command {
	t.Helper()
	c, ok := LookupCommand(name)
	if !ok {
		t.Fatalf("there is no command %q", name)
	}
	return c
}

//go:build unix

package cli

import (
	"os"
	"os/user"
	"testing"
)

// Without HOME the home directory is the account's, as for Python. An empty HOME is no directory.
func TestHome(t *testing.T) {
	account, err := user.Current()
	if err != nil {
		t.Skip(err)
	}
	t.Setenv("HOME", "/somewhere") // and restores it
	if got := home(); got != "/somewhere" {
		t.Errorf("with HOME: %q", got)
	}
	t.Setenv("HOME", "")
	if got := home(); got != "" {
		t.Errorf("with an empty HOME: %q", got)
	}
	if err := os.Unsetenv("HOME"); err != nil {
		t.Fatal(err)
	}
	if got := home(); got != account.HomeDir {
		t.Errorf("without HOME: %q, want %q", got, account.HomeDir)
	}
}

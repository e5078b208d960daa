package git_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"dot-for-dbt/internal/git"
)

func TestVersion(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the stand-in is a shell script")
	}
	for _, tt := range []struct {
		name, prints, want string
		says               []string // texts in the error; nil: no error
	}{
		{"plain", "git version 2.39.5", "2.39.5", nil},
		{"Apple's", "git version 2.39.5 (Apple Git-154)", "2.39.5", nil},
		{"for Windows", "git version 2.47.1.windows.1", "2.47.1.windows.1", nil},
		{"the oldest", "git version 2.20.0", "2.20.0", nil},
		{"too old", "git version 2.9.5", "2.9.5", []string{"git 2.9.5 is too old", "install git 2.20 or newer"}},
		{"another major version", "git version 3.0.0", "3.0.0", nil},
		{"no version", "hello", "", []string{`prints no version: "hello"`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bin := t.TempDir()
			check(t, os.WriteFile(filepath.Join(bin, "git"), []byte("#!/bin/sh\necho '"+tt.prints+"'\n"), 0o755))
			t.Setenv("PATH", bin)
			got, err := git.Version(t.Context())
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if tt.says == nil {
				check(t, err)
			} else {
				wantError(t, err, tt.says...)
			}
		})
	}
	t.Setenv("PATH", t.TempDir())
	_, err := git.Version(t.Context())
	wantError(t, err, "git is not installed")
}

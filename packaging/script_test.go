//go:build unix

package packaging

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The script that make dist calls finds its tools in the checkout, names each wheel's system, and hands over
// everything that belongs into a wheel. Go and Python are stand-ins here; TestEveryWheel looks into real wheels.
func TestWheelsScript(t *testing.T) {
	dir := t.TempDir()
	tools := filepath.Join(dir, "tools")
	script := func(name, text string) {
		t.Helper()
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte("#!/bin/sh\nset -eu\n"+text), 0o755)); err != nil {
			t.Fatal(err)
		}
	}
	checkout := filepath.Join(dir, "checkout")
	if err := os.CopyFS(filepath.Join(checkout, "packaging", "python"), os.DirFS("python")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"LICENSE", "SKILL.md", "packaging/wheels.sh"} {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(checkout, name), text, 0o755)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	// go build … -o FILE .
	script(filepath.Join(tools, "go"), `while [ "$1" != -o ]; do shift; done; mkdir -p "$(dirname "$2")"; echo "$GOOS/$GOARCH" >"$2"`)
	// python -m hatchling build --target wheel --directory DIRECTORY
	script(filepath.Join(checkout, ".venv", "dist", "bin", "python"),
		`ls -d LICENSE README.md pyproject.toml hatch_build.py dot_for_dbt/__main__.py dot_for_dbt/SKILL.md >/dev/null
		echo "$(cat "$DOT_WHEEL_BINARY") $(basename "$DOT_WHEEL_BINARY") $DOT_WHEEL_VERSION" >"$7/$DOT_WHEEL_PLATFORM"`)
	git := func(args ...string) {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-c", "user.name=Ann", "-c", "user.email=ann@example.com", "-C", checkout}, args...)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	git("init", "--quiet")
	git("add", "--all")
	git("commit", "--quiet", "--message", "First")
	git("tag", "v0.3.0-rc.1")
	cmd := exec.Command("packaging/wheels.sh", "build/dist")
	cmd.Dir = checkout
	for _, pair := range os.Environ() {
		if name, _, _ := strings.Cut(pair, "="); name != "PYTHON" && name != "VERSION" {
			cmd.Env = append(cmd.Env, pair)
		}
	}
	cmd.Env = append(cmd.Env, "PATH="+tools+string(os.PathListSeparator)+os.Getenv("PATH"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var got, want []string
	made := os.DirFS(filepath.Join(checkout, "build", "dist"))
	names, err := fs.Glob(made, "*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		text, err := fs.ReadFile(made, name)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, name+": "+strings.TrimSpace(string(text)))
	}
	for system, wheel := range everyWheel {
		tags, program := slices.Clone(wheel.tags), "dot"
		if strings.HasPrefix(tags[0], "manylinux") { // its usual name first
			tags[0], tags[1] = tags[1], tags[0]
		}
		if strings.HasPrefix(system, "windows/") {
			program = "dot.exe"
		}
		want = append(want, strings.Join(tags, ".")+": "+system+" "+program+" 0.3.0rc1")
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("wheels:\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

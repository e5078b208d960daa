package tool

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/mattn/go-shellwords"

	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/proc"
	"dot-for-dbt/internal/text"
)

// Tool is the dbt to run.
type Tool struct {
	Release
	Argv []string // the words that start it
	Path string   // of the program, symbolic links followed
	How  string   // where it was found: "DOT_DBT", "dot: dbt", "PATH" or ".venv"
	// Itself is set if Argv starts dbt and nothing else. What starts dbt for the user (uv run dbt, a
	// script) may look for a project or settings in the working directory.
	Itself bool
	// Remembered is set if the version is the one that a wrapper had when it was last asked.
	Remembered bool
}

// Search says where to look for dbt, and how to find its version.
type Search struct {
	Env      func(name string) string // the environment; PATH is always this process's own
	Words    string                   // a command line or path that names dbt, before all others; "": none
	Option   string                   // where Words are from: --to
	Setting  []string                 // the environment's `dot: {dbt: [uv, run, dbt]}`
	Dir      string                   // the project directory: base of relative paths, and perhaps the parent of a .venv
	Versions Versions                 // nil: nothing is remembered
	MayRun   bool                     // false: `dbt --version` must not run, so the version may stay unknown
}

// Versions remembers the output of `dbt --version` of a program with a given identity.
type Versions interface {
	Lookup(identity string) (text string, ok bool)
	Save(identity, text string) error
}

// Find looks for dbt in DOT_DBT, the setting, PATH and the project's .venv, in this order. If dbt
// is a plain console script, the version comes from the installed packages. Otherwise it comes
// from `dbt --version`. What a program that is dbt itself says is remembered. Others, such as uv run
// dbt or a shim, may start another dbt each time: they are asked each time, if they may run.
func (s Search) Find(ctx context.Context) (Tool, error) {
	tool, err := s.locate()
	if err != nil {
		return Tool{}, err
	}
	if len(tool.Argv) == 1 {
		if release, ok := Installed(tool.Path, s.pythonPath()); ok {
			tool.Release = release
			return tool, nil
		}
	}
	printed, remembered, err := s.versionText(ctx, tool)
	if err != nil || printed == "" {
		return tool, err
	}
	tool.Remembered = remembered && !tool.alone()
	release, ok := ParseVersion(printed)
	if !ok {
		return Tool{}, fmt.Errorf("finding dbt's version: expected a version from %q, found %q", text.ShellQuote(tool.Argv)+" --version", text.Shorten(strings.TrimSpace(printed)))
	}
	tool.Release = release
	return tool, nil
}

// locate finds the program.
func (s Search) locate() (Tool, error) {
	words, by := s.Words, s.Option
	if words == "" {
		words, by = s.Env("DOT_DBT"), "DOT_DBT"
	}
	if words != "" {
		argv, err := s.split(words, by)
		if err != nil {
			return Tool{}, fmt.Errorf("reading %s: %w", by, err)
		}
		return s.named(argv, by)
	}
	if len(s.Setting) > 0 {
		return s.named(s.Setting, "dot: dbt")
	}
	if path, err := exec.LookPath("dbt"); err == nil {
		return s.tool([]string{path}, "PATH")
	}
	venv := inVenv(filepath.Join(s.Dir, ".venv"))
	if path, err := exec.LookPath(venv); err == nil {
		return s.tool([]string{path}, ".venv")
	}
	return Tool{}, hint.New(
		"dbt was not found: not in DOT_DBT, the environment's dot: {dbt: …}, PATH, or the project's .venv",
		"install it for this project: python -m venv .venv && .venv/bin/pip install dbt-core dbt-<your adapter>",
		"or say where it is: DOT_DBT=/path/to/dbt",
	)
}

// inVenv returns the path of dbt in a virtual environment.
func inVenv(dir string) string {
	if runtime.GOOS == "windows" {
		return filepath.Join(dir, "Scripts", "dbt.exe")
	}
	return filepath.Join(dir, "bin", "dbt")
}

// split reads what names dbt: the path of a program or of a virtual environment, or a command line.
func (s Search) split(words, by string) ([]string, error) {
	switch info, err := os.Stat(s.abs(words)); {
	case err != nil:
	case !info.IsDir():
		return []string{words}, nil
	case s.Words != "":
		return []string{inVenv(s.abs(words))}, nil
	}
	parser := shellwords.NewParser()
	argv, err := parser.Parse(words)
	if err != nil || len(argv) == 0 || parser.Position >= 0 { // parsing ended at a ";" or "|"
		return nil, hint.New(
			fmt.Sprintf("expected the path of dbt or a plain command line, found %q", words),
			fmt.Sprintf("for example %s or %s", assigned(by, "/path/to/dbt"), assigned(by, "'uv run dbt'")),
		)
	}
	return argv, nil
}

// assigned is how a person gives an environment variable or a flag a value.
func assigned(name, value string) string {
	if strings.HasPrefix(name, "--") {
		return name + " " + value
	}
	return name + "=" + value
}

// named returns a tool that somebody named, which must exist.
func (s Search) named(argv []string, how string) (Tool, error) {
	name := argv[0]
	if strings.ContainsRune(name, '/') || strings.ContainsRune(name, filepath.Separator) {
		name = s.abs(name)
	}
	path, err := exec.LookPath(name)
	if err != nil {
		reason := "there is no such program"
		if errors.Is(err, fs.ErrPermission) {
			reason = "it can't be executed"
		}
		cure := "name the path of dbt or a command line that starts it, or leave it out to use the dbt in PATH"
		if s.Words != "" {
			cure = fmt.Sprintf("name the path of dbt or of its virtual environment, a command line that starts dbt, or a release: %s \"dbt 1.12.6\"", how)
		}
		return Tool{}, hint.Reword(err, fmt.Sprintf("dbt was not found: %s names %q, and %s", how, argv[0], reason), cure)
	}
	return s.tool(append([]string{path}, argv[1:]...), how)
}

func (s Search) tool(argv []string, how string) (Tool, error) {
	path, err := filepath.Abs(argv[0])
	if err != nil {
		return Tool{}, fmt.Errorf("finding dbt: %w", err)
	}
	argv = append([]string{path}, argv[1:]...)
	target, err := filepath.EvalSymlinks(path)
	if err != nil {
		return Tool{}, fmt.Errorf("finding dbt: %w", err)
	}
	return Tool{Argv: argv, Path: target, How: how, Itself: len(argv) == 1 && isDBT(target)}, nil
}

// alone reports whether the tool is a single program and contains dbt, as dbt 2. The packages of a
// script may change without it, and so may what a shim named otherwise starts.
func (t Tool) alone() bool {
	launcher := strings.EqualFold(filepath.Ext(t.Path), ".exe") && isDBTLauncher(t.Path)
	return len(t.Argv) == 1 && strings.HasPrefix(filepath.Base(t.Path), "dbt") && !isScript(t.Path) && !launcher
}

// versionText returns the output of `dbt --version`, from now or earlier; "" if it is unknown and
// may not be run.
func (s Search) versionText(ctx context.Context, tool Tool) (printed string, remembered bool, err error) {
	id, err := s.identity(tool)
	if err != nil {
		return "", false, err
	}
	before := ""
	if s.Versions != nil {
		before, remembered = s.Versions.Lookup(id)
	}
	if remembered && tool.alone() || !s.MayRun {
		return before, remembered, nil
	}
	argv := append(tool.Argv[:len(tool.Argv):len(tool.Argv)], "--version")
	out, err := proc.Output(ctx, proc.Command{Argv: argv, Dir: s.Dir})
	if err != nil {
		return "", false, hint.Add(fmt.Errorf("finding dbt's version: %w", err), "try it yourself: "+text.ShellQuote(argv))
	}
	printed = string(out)
	if _, ok := ParseVersion(printed); ok && s.Versions != nil && printed != before {
		if err := s.Versions.Save(id, printed); err != nil {
			return "", false, fmt.Errorf("remembering dbt's version: %w", err)
		}
	}
	return printed, false, nil
}

// identity changes if the same words may start another dbt: the program is another file, or the
// project or virtual environment differs, where wrappers look.
func (s Search) identity(tool Tool) (string, error) {
	info, err := os.Stat(tool.Path)
	if err != nil {
		return "", fmt.Errorf("finding dbt: %w", err)
	}
	return fmt.Sprintf("%q %q %d %d %s %q %q", tool.Argv, tool.Path, info.Size(), info.ModTime().UnixNano(),
		fileID(info), s.Dir, s.Env("VIRTUAL_ENV")), nil
}

// pythonPath returns the directories of PYTHONPATH.
func (s Search) pythonPath() []string { return filepath.SplitList(s.Env("PYTHONPATH")) }

func (s Search) abs(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(s.Dir, path)
}

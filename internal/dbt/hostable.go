package dbt

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// HostMode says whether dbt may be run in a host.
type HostMode int

// The host modes.
const (
	HostAuto HostMode = iota // with the adapters that it was tried with
	HostOn                   // with any adapter
	HostOff
)

// Hosting is what has to be known of a dbt command to run it in a host.
type Hosting struct {
	Tool    Tool
	Adapter string // of the output that it uses; "" if that is not known
	Mode    HostMode
	Off     string // what has set the mode, for HostOff
}

// hostedAdapters are those whose commands were compared, one by one, with those of a dbt that is a process of its own.
var hostedAdapters = []string{"duckdb", "postgres"}

// hostedVersions are the versions of dbt-core of which the same is true.
var hostedVersions = []string{"1.9", "1.10", "1.11"}

// scriptLines are the lines of the console scripts that pip, uv and conda make for dbt. A script with any other may do
// something before it starts dbt, or start another.
var scriptLines = []string{
	"", "# -*- coding: utf-8 -*-", "import re", "import sys", "from dbt.cli.main import cli",
	"if __name__ == '__main__':", `if __name__ == "__main__":`,
	`sys.argv[0] = re.sub(r'(-script\.pyw|\.exe)?$', '', sys.argv[0])`,
	`sys.argv[0] = re.sub(r'(-script\.pyw?|\.exe)?$', '', sys.argv[0])`,
	"sys.argv[0] = sys.argv[0].removesuffix('.exe')",
	`if sys.argv[0].endswith("-script.pyw"):`, "sys.argv[0] = sys.argv[0][:-11]",
	`elif sys.argv[0].endswith(".exe"):`, "sys.argv[0] = sys.argv[0][:-4]",
	"sys.exit(cli())",
}

// harmlessPython are the variables of Python's that mean the same to a host and to what it forks. Those that make Python
// print at its start or its end, or wait for somebody, don't.
var harmlessPython = []string{
	"PYTHONPATH", "PYTHONHOME", "PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX", "PYTHONUNBUFFERED", "PYTHONIOENCODING",
	"PYTHONUTF8", "PYTHONHASHSEED", "PYTHONNOUSERSITE", "PYTHONUSERBASE", "PYTHONSAFEPATH", "PYTHONCOERCECLOCALE",
	"PYTHONOPTIMIZE", "PYTHONSTARTUP", "PYTHONINTMAXSTRDIGITS", "PYTHON_COLORS", "PYTHON_HISTORY", "PYTHONBREAKPOINT",
}

// refusal says why the commands can't be run in a host, as far as that can be told without starting one; "" if they can.
// env is what dbt would run with.
func (h Hosting) refusal(env []string) string {
	switch tool := h.Tool; {
	case h.Mode == HostOff:
		return h.Off
	case runtime.GOOS != "linux":
		return "a host was tried on Linux only"
	case len(tool.Argv) != 1:
		return "dbt is started by a command line of several words"
	case tool.Cloud:
		return "it is the dbt Cloud CLI"
	case h.Adapter == "":
		return "which adapter it uses is not known"
	case h.Mode != HostOn && !slices.Contains(hostedAdapters, h.Adapter):
		return "the adapter " + h.Adapter + " was not tried in a host (dot: {dbt-host: true} does so)"
	}
	if reason := scriptRefusal(h.Tool.Path); reason != "" {
		return reason
	}
	if reason := h.Tool.versionRefusal(env); reason != "" {
		return reason
	}
	return envRefusal(env)
}

// versionRefusal says why a dbt is of a version that can't be hosted.
func (t Tool) versionRefusal(env []string) string {
	version := t.Version
	if version == "" { // it was not installed yet when it was looked for
		release, ok := Installed(t.Path, filepath.SplitList(newVariables(env).values["PYTHONPATH"]))
		if !ok {
			return "its version is not known"
		}
		version = release.Version
	}
	same := func(known string) bool { return majorMinor(known) == majorMinor(version) }
	if !slices.ContainsFunc(hostedVersions, same) {
		return "dbt " + version + " was not tried in a host"
	}
	return ""
}

// scriptRefusal says why a file is no console script whose dbt can be hosted.
func scriptRefusal(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return err.Error()
	}
	head, err := readHead(path)
	if err != nil {
		return err.Error()
	}
	interpreter := scriptInterpreter(head)
	if interpreter == "" || info.Size() > int64(len(head)) {
		return path + " is no console script of dbt 1"
	}
	if _, err := os.Stat(interpreter); err != nil {
		return "its Python " + interpreter + " is not there"
	}
	lines := strings.Split(string(execPython.ReplaceAll(head, nil)), "\n")
	for i, line := range lines {
		line = strings.TrimSpace(line)
		if i == 0 && (line == "" || strings.HasPrefix(line, "#!")) || line == "' '''" {
			continue // the way to the interpreter
		}
		if !slices.Contains(scriptLines, line) {
			return path + " does more than a console script of dbt does: " + shorten(line)
		}
	}
	return ""
}

// envRefusal says which variable would mean something else to a host.
func envRefusal(env []string) string {
	for _, entry := range env {
		name, value, _ := strings.Cut(entry, "=")
		switch {
		case value == "":
		case strings.HasPrefix(name, "DBT_RECORDER_"), strings.HasPrefix(name, "DBT_ENGINE_RECORDER_"):
			return name + " is set" // it changes what is imported
		case strings.HasPrefix(name, "PYTHON") && !slices.Contains(harmlessPython, name):
			return name + " is set"
		}
	}
	return ""
}

// decidedAtStart are the beginnings of the names of variables that count when Python, the C library or dbt's modules are
// loaded, and never again: commands that differ in one can't share a host.
var decidedAtStart = []string{
	"PYTHON", "LC_", "LANG", "LD_", "GLIBC_", "MALLOC_", "OMP_", "OPENBLAS_", "MKL_", "OPENSSL_", "DBT_PACKAGE_HUB_URL", "DBT_MACRO_DEBUGGING",
}

// hostKey is equal for commands that can share a host.
type hostKey struct {
	script, adapter, env string
}

func (h Hosting) key(env []string) hostKey {
	var kept []string
	for _, entry := range env {
		if slices.ContainsFunc(decidedAtStart, func(prefix string) bool { return strings.HasPrefix(entry, prefix) }) {
			kept = append(kept, entry)
		}
	}
	slices.Sort(kept)
	script := h.Tool.Path
	if len(h.Tool.Argv) > 0 {
		script = h.Tool.Argv[0] // as it is called: that is where Python looks for what is beside it
	}
	return hostKey{script: filepath.Clean(script), adapter: h.Adapter, env: strings.Join(kept, "\x00")}
}

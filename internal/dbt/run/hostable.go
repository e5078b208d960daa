package run

import (
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"dot-for-dbt/internal/dbt/adapter"
	"dot-for-dbt/internal/dbt/tool"
	"dot-for-dbt/internal/dbt/version"
)

// HostMode says whether dbt may be run in a host.
type HostMode int

// The host modes.
const (
	HostAuto HostMode = iota // with the adapters that were tried
	HostOn                   // with any adapter
	HostOff
)

// Hosting has the facts about a dbt command that decide whether it runs in a host.
type Hosting struct {
	Tool    tool.Tool
	Adapter string // of its output; "" if unknown
	Mode    HostMode
	Off     string // what set the mode to HostOff
}

// hostedVersions are the versions of dbt-core whose commands in a host were compared, one by one,
// with the same commands in processes of their own. The newest is the last.
var hostedVersions = []string{"1.9", "1.10", "1.11", "1.12"}

// harmlessPython are Python's variables that mean the same to a host and to its children. Those
// that make Python print at its start or its end, or wait for somebody, are not among them.
var harmlessPython = []string{
	"PYTHONPATH", "PYTHONHOME", "PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX", "PYTHONUNBUFFERED", "PYTHONIOENCODING",
	"PYTHONUTF8", "PYTHONHASHSEED", "PYTHONNOUSERSITE", "PYTHONUSERBASE", "PYTHONSAFEPATH", "PYTHONCOERCECLOCALE",
	"PYTHONOPTIMIZE", "PYTHONSTARTUP", "PYTHONINTMAXSTRDIGITS", "PYTHON_COLORS", "PYTHON_HISTORY", "PYTHONBREAKPOINT",
	"PYTHON_DOTENV_DISABLED",
}

// refusal returns why the commands can't run in a host, as far as that is known without starting
// one; "" if they can. env is dbt's environment.
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
		return "its adapter is unknown"
	case h.Mode != HostOn && !adapter.Of(h.Adapter).Hosted:
		return "the adapter " + h.Adapter + " was not tried in a host; to try it: dot: {dbt-host: true}"
	}
	if reason := tool.WhyNotPlain(h.Tool.Path); reason != "" {
		return reason
	}
	if installed, tried := h.tried(env); installed == "" {
		return "its version is unknown"
	} else if !tried && !newer(installed) {
		return untried(installed)
	}
	return envRefusal(env)
}

// tried returns the version of dbt, "" if it is unknown, and whether it was tried in a host.
func (h Hosting) tried(env []string) (installed string, tried bool) {
	installed = h.Tool.Version
	if installed == "" { // it was not installed when dot looked for it
		release, _ := tool.Installed(h.Tool.Path, filepath.SplitList(lookup(env, "PYTHONPATH")))
		installed = release.Version
	}
	return installed, slices.ContainsFunc(hostedVersions, func(known string) bool {
		return version.MajorMinor(known) == version.MajorMinor(installed)
	})
}

// newer reports whether a version is a dbt 1 that is newer than all that were tried. It is hosted if
// host.py finds everything in it that a host needs.
func newer(installed string) bool {
	return !version.IsV2(installed) && version.AtLeast(installed, hostedVersions[len(hostedVersions)-1])
}

func untried(installed string) string { return "dbt " + installed + " was not tried in a host" }

// accepted returns what to add to the fact that a dbt is hosted; "" for a version that was tried.
func (h Hosting) accepted(env []string) string {
	if installed, tried := h.tried(env); !tried {
		return untried(installed) + ", but has what a host needs"
	}
	return ""
}

// refusedBy returns why a dbt is not hosted, if its host gives this reason.
func (h Hosting) refusedBy(reason string, env []string) string {
	if installed, tried := h.tried(env); !tried {
		return untried(installed) + ", and doesn't fit: " + reason
	}
	return reason
}

// lookup returns the value of a variable, "" if it is not set. If a name repeats, the last one
// wins.
func lookup(env []string, name string) string {
	for _, entry := range slices.Backward(env) {
		if value, ok := strings.CutPrefix(entry, name+"="); ok {
			return value
		}
	}
	return ""
}

// envRefusal returns which variable would mean something else to a host.
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

// decidedAtStart are prefixes of the names of variables that only count when Python, the C library
// or dbt's modules are loaded. Commands that differ in one can't share a host.
var decidedAtStart = []string{
	"PYTHON", "LC_", "LANG", "LD_", "GLIBC_", "MALLOC_", "OMP_", "OPENBLAS_", "MKL_", "OPENSSL_", "DBT_MACRO_DEBUGGING",
}

// hostKey is equal for commands that can share a host.
type hostKey struct {
	script, adapter, env string
	installed            string // the versions of dbt and its adapter: a host keeps those that it has imported
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
		script = h.Tool.Argv[0] // as it is called: Python looks for modules beside it
	}
	return hostKey{
		script: filepath.Clean(script), adapter: h.Adapter, env: strings.Join(kept, "\x00"),
		installed: h.Tool.Version + " " + h.Tool.Adapters[h.Adapter],
	}
}

package doctor

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"dot-for-dbt/internal/git"
	"dot-for-dbt/internal/hint"
)

// git checks that there is a git, and that it is new enough.
func (e *examination) git() {
	version, err := git.Version(e.ctx)
	if err != nil {
		e.problem("git", err.Error(), hint.Of(err)...)
		return
	}
	e.ok("git", version)
}

// command checks that typing dot starts this dot: Graphviz has a program with the same
// name.
func (e *examination) command() {
	self, err := os.Stat(e.patient.Executable)
	if e.patient.Executable == "" || err != nil {
		return
	}
	for _, dir := range filepath.SplitList(e.getenv("PATH")) {
		found, ok := program(dir, "dot")
		if !ok {
			continue
		}
		if info, err := os.Stat(found); err == nil && os.SameFile(info, self) {
			e.ok("command", found)
			return
		}
		whose := "another program"
		if _, ok := program(dir, "neato"); ok { // another program of Graphviz
			whose = "Graphviz's"
		}
		e.warn("command", "dot is "+found+", "+whose+": it comes before this one in PATH",
			"put "+filepath.Dir(e.patient.Executable)+" first in PATH, or: alias dot="+e.patient.Executable)
		return
	}
	e.warn("command", "this dot is not in PATH: "+e.patient.Executable, "put "+filepath.Dir(e.patient.Executable)+" in PATH")
}

// program returns the path of a program in a directory. ok tells whether it exists.
func program(dir, name string) (path string, ok bool) {
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	path = filepath.Join(dir, name)
	info, err := os.Stat(path)
	executable := err == nil && info.Mode().IsRegular() && (runtime.GOOS == "windows" || info.Mode().Perm()&0o111 != 0)
	return path, executable && strings.TrimSpace(dir) != ""
}

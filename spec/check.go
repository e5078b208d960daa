package spec

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxEnv is the longest name of an environment, in bytes. The name becomes a directory in a path
// whose length the system limits.
const maxEnv = 100

// checkEnv returns what is wrong with an environment in a spec, and what to type instead; "" if it
// is fine.
func checkEnv(name string) (problem string, hints []string) {
	switch name {
	case "all":
		return `"all" is no environment: it holds what all of them share`, []string{"name one environment"}
	case "default":
		return `"default" is not an environment: it is the setting that names the default one`, []string{"leave it out for the default environment"}
	}
	if problem := CheckName(name); problem != "" {
		return "environment " + problem, nil
	}
	return "", nil
}

// CheckName returns what is wrong with an environment's name, as a predicate ("is longer than
// ..."); "" if it is fine. The name becomes a directory on every system, so a name that only Linux
// accepts is refused everywhere.
func CheckName(name string) string {
	bad := strings.IndexFunc(name, func(r rune) bool { return !isAlnum(r) && !strings.ContainsRune("_-.", r) })
	switch {
	case name == "":
		return "is empty"
	case bad >= 0:
		r, size := utf8.DecodeRuneInString(name[bad:])
		if r == utf8.RuneError && size == 1 {
			return "holds bytes that are not UTF-8"
		}
		return fmt.Sprintf("holds %q: letters a to z, digits, _, - and . are allowed", r)
	case !isAlnum(rune(name[0])):
		return fmt.Sprintf("starts with %q: a letter or digit is expected", name[0])
	case strings.Contains(name, ".."):
		return `holds ".."`
	case strings.HasSuffix(name, "."):
		return "ends with a full stop"
	case len(name) > maxEnv:
		return fmt.Sprintf("is longer than %d characters", maxEnv)
	case isDevice(name):
		return "is the name of a device on Windows, where it can't be a directory"
	}
	return ""
}

func isAlnum(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
}

// isDevice reports whether Windows takes a file of this name for a device. Case and extension don't
// matter: https://learn.microsoft.com/windows/win32/fileio/naming-a-file
func isDevice(name string) bool {
	stem, _, _ := strings.Cut(strings.ToLower(name), ".")
	switch stem {
	case "con", "prn", "aux", "nul":
		return true
	}
	port, isPort := strings.CutPrefix(stem, "com")
	if !isPort {
		port, isPort = strings.CutPrefix(stem, "lpt")
	}
	return isPort && len(port) == 1 && port >= "0" && port <= "9"
}

// checkRef returns what is wrong with a ref; "" if it is fine. git decides which refs exist. This
// only refuses what git could take for an option, or a terminal for an escape sequence.
func checkRef(ref string) string {
	switch {
	case !utf8.ValidString(ref):
		return "ref holds bytes that are not UTF-8"
	case strings.HasPrefix(ref, "-"):
		return `ref starts with "-": a branch, tag or commit is expected`
	}
	if i := strings.IndexFunc(ref, unicode.IsControl); i >= 0 {
		r, _ := utf8.DecodeRuneInString(ref[i:])
		return fmt.Sprintf("ref holds a control character, %U", r)
	}
	return ""
}

// checkWorkingTree returns what is wrong with a spec in which "." is in the wrong place; "" if it
// isn't. git has no name that starts with a full stop.
func checkWorkingTree(s Spec) (problem string, hints []string) {
	_, isRange := s.Range()
	switch {
	case s.Env == WorkingTree:
		env := s.Ref
		if CheckName(env) != "" || env == "HEAD" {
			env = ""
		}
		return `"." is the working tree, which goes after the "@"`, []string{"for the working tree, in a schema of its own: " + env + "@."}
	case !isRange && s.Ref != WorkingTree && strings.HasPrefix(s.Ref, "."):
		return `"." is the working tree as a whole: nothing can follow it`, []string{
			"for the working tree: " + s.Env + "@.", "for a commit below it: " + s.Env + "@HEAD~1",
		}
	}
	return "", nil
}

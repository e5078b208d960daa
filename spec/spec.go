// Package spec is the grammar of what a user types to name a build: env@ref.
//
// It only checks the form of a spec. Package config knows whether the environment is defined, and
// package internal/git whether the ref exists. A valid spec can't become an option, a path outside
// its directory, or a terminal escape.
package spec

import "strings"

// Spec is what a user types: an environment, a ref, or both. The zero Spec means that they typed
// neither.
type Spec struct {
	// Env is the environment's name; "" is the default environment.
	Env string
	// Ref is a commit or a range of commits (see Range) in git's syntax, as typed; "" is the
	// working tree itself, and [WorkingTree] a build of it.
	Ref string
	// Tree is the working tree in whose schema the build of Ref is, "" for a schema of the build's own.
	// Nobody types it.
	Tree string
	// Path is where dbt's artifacts lie that a value of --defer names, as typed. A URL may hold a password:
	// don't show it.
	Path string
}

// WorkingTree is the ref of the working tree as it is now: dev@. is a build of it, in a schema that all
// builds of the working tree share.
const WorkingTree = "."

// Parse reads env, env@ref or @ref. The ref is everything after the first @. So main@{yesterday} is
// a ref, and dev@@ is dev at @ (git's short form of HEAD).
//
// Its errors name the argument and have hints.
func Parse(text string) (Spec, error) {
	s, at, err := split("spec", text)
	switch {
	case err != nil:
		return Spec{}, err
	case s.Ref != "" || s.Env != "" && !at:
		return s, nil
	}
	switch {
	case s.Env != "":
		return Spec{}, wrong("spec", text, `no ref after the "@"`,
			"for the last commit: "+s.Env+"@HEAD", "for the working tree, in a schema of its own: "+s.Env+"@.", "in the environment's own schema: "+s.Env)
	case at:
		return Spec{}, wrong("spec", text, "neither environment nor ref",
			"for the default environment at the last commit: @HEAD",
			"for the default environment on the working tree: leave it out")
	default:
		return Spec{}, wrong("spec", text, "it is empty",
			"for the default environment on the working tree: leave it out")
	}
}

// ParseBaseline reads the value of --defer: env@ref, @ref, an environment whose configuration says where
// dbt's artifacts lie, or where they lie:
// path:DIR, a .json file or a URL. It doesn't read a path or a URL.
func ParseBaseline(text string) (Spec, error) {
	if strings.HasPrefix(text, "path:") || strings.HasSuffix(text, ".json") || strings.Contains(text, "://") {
		return Spec{Path: text}, nil
	}
	s, at, err := split("--defer", text)
	switch {
	case err != nil:
		return Spec{}, err
	case s.Isolated():
		if _, several := s.Range(); several {
			return Spec{}, wrong("--defer", text, "a range of commits: a baseline is the build of one",
				"name one: --defer "+s.Env+"@main")
		}
		return s, nil
	}
	name := "name a build: --defer prod@main, or --defer @main for the default environment"
	switch {
	case s.Env != "" && at:
		return Spec{}, wrong("--defer", text, `no ref after the "@"`, "add a branch, tag or commit: --defer "+s.Env+"@main")
	case s.Env != "":
		return s, nil
	case at:
		return Spec{}, wrong("--defer", text, "neither environment nor ref", name)
	default:
		return Spec{}, wrong("--defer", text, "it is empty", name)
	}
}

// Isolated reports whether s is a build in a schema of its own, rather than dbt on the working tree.
func (s Spec) Isolated() bool { return s.Ref != "" }

// String returns the text of s; for a parsed Spec exactly what was typed.
func (s Spec) String() string {
	switch {
	case s.Path != "":
		return "path" // without what may be secret
	case s.Ref == "":
		return s.Env
	case s.Tree != "":
		return s.Env + "@" + s.Ref + "+" + s.Tree
	}
	return s.Env + "@" + s.Ref
}

// split cuts text at the first @ and checks each half that isn't empty. at reports whether there is
// an @. what names the argument in errors.
func split(what, text string) (s Spec, at bool, err error) {
	s.Env, s.Ref, at = strings.Cut(text, "@")
	problem, hints := checkRef(s.Ref), []string(nil)
	if problem == "" {
		problem, hints = checkRange(s)
	}
	if problem == "" {
		problem, hints = checkWorkingTree(s)
	}
	if problem == "" && s.Env != "" {
		problem, hints = checkEnv(s.Env)
		if problem != "" && !at && strings.ContainsRune(text, '/') && !strings.Contains(text, "..") && checkRef(text) == "" {
			hints = append(hints, "a branch, tag or commit goes after an @: @"+text)
		}
		if env := strings.TrimSuffix(s.Env, "."); problem != "" && !at && env != s.Env && CheckName(env) == "" {
			hints = append(hints, "for the working tree, in a schema of its own: "+env+"@.")
		}
	}
	if problem != "" {
		if len(hints) == 0 {
			hints = []string{"write env, env@ref or @ref, such as dev, dev@HEAD or @main"}
		}
		return Spec{}, at, wrong(what, text, problem, hints...)
	}
	return s, at, nil
}

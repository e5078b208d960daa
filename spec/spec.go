// Package spec is the grammar of what a person types to name a build: env@ref.
//
// It knows the shape of a spec and nothing else: not whether the environment
// is defined (package config) nor whether the ref is one (package
// internal/git). What it lets through can become neither an option, nor a path
// outside its directory, nor a terminal escape.
package spec

import "strings"

// Spec is what a person types: an environment, a ref, both or, left out
// altogether, neither (the zero Spec).
type Spec struct {
	// Env is the environment's name; "" is the default environment.
	Env string
	// Ref is whatever git may resolve to a commit, or a range of them (see
	// Range), as typed; "" is the working tree.
	Ref string
}

// Parse reads env, env@ref or @ref. The ref is everything after the first @, so
// that main@{yesterday} is one and dev@@ is dev at @ (git's word for HEAD).
//
// Its errors name the argument and carry what to type instead (Hints).
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
			"for the last commit: "+s.Env+"@HEAD", "for the working tree: "+s.Env)
	case at:
		return Spec{}, wrong("spec", text, "neither environment nor ref",
			"for the default environment at the last commit: @HEAD",
			"for the default environment on the working tree: leave it out")
	default:
		return Spec{}, wrong("spec", text, "it is empty",
			"for the default environment on the working tree: leave it out")
	}
}

// ParseBaseline reads what follows --defer: env@ref or @ref. A baseline is the
// build of a commit, so that unlike with Parse the ref is a must.
func ParseBaseline(text string) (Spec, error) {
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
	add := "add a branch, tag or commit: --defer " + s.Env + "@main"
	name := "name a build: --defer prod@main, or --defer @main for the default environment"
	switch {
	case s.Env != "" && at:
		return Spec{}, wrong("--defer", text, `no ref after the "@"`, add)
	case s.Env != "":
		return Spec{}, wrong("--defer", text, "no ref: what is deferred to is the build of a commit", add)
	case at:
		return Spec{}, wrong("--defer", text, "neither environment nor ref", name)
	default:
		return Spec{}, wrong("--defer", text, "it is empty", name)
	}
}

// Isolated tells whether s is the build of a commit rather than of the working tree.
func (s Spec) Isolated() bool { return s.Ref != "" }

// String is what a person types to mean s; for a parsed Spec exactly what was typed.
func (s Spec) String() string {
	if s.Ref == "" {
		return s.Env
	}
	return s.Env + "@" + s.Ref
}

// split cuts text, which stands at what, at the first @ (at: there is one) and
// checks each half that isn't empty.
func split(what, text string) (s Spec, at bool, err error) {
	s.Env, s.Ref, at = strings.Cut(text, "@")
	problem, hints := checkRef(s.Ref), []string(nil)
	if problem == "" {
		problem = checkRange(s.Ref)
	}
	if problem == "" && s.Env != "" {
		problem, hints = checkEnv(s.Env)
		if problem != "" && !at && strings.ContainsRune(text, '/') && !strings.Contains(text, "..") && checkRef(text) == "" {
			hints = append(hints, "a branch, tag or commit goes after an @: @"+text)
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

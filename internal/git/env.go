package git

import (
	"slices"
	"strings"
)

// dropped are the variables that would make git use another repository, or change what a path
// means. The first group is what git sets when it runs a hook, or a user for one call (`git
// rev-parse --local-env-vars`, git 2.39; GIT_ATTR_SOURCE came with 2.41). That command also lists
// GIT_CONFIG_COUNT and GIT_CONFIG_PARAMETERS. They stay: they are the user's configuration, and
// some CI systems set safe.directory through them.
var dropped = []string{
	"GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_ATTR_SOURCE", "GIT_COMMON_DIR", "GIT_CONFIG", "GIT_DIR", "GIT_GRAFT_FILE",
	"GIT_IMPLICIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_INTERNAL_SUPER_PREFIX", "GIT_NO_REPLACE_OBJECTS",
	"GIT_OBJECT_DIRECTORY", "GIT_PREFIX", "GIT_REPLACE_REF_BASE", "GIT_SHALLOW_FILE", "GIT_WORK_TREE",

	"GIT_LITERAL_PATHSPECS", "GIT_GLOB_PATHSPECS", "GIT_NOGLOB_PATHSPECS", "GIT_ICASE_PATHSPECS",
}

// environment is the environment for git: messages in English, because dot reads some; no question
// on the terminal; no optional lock, so that looking at a repository changes nothing in it.
func environment(inherited []string) []string {
	return append(WithoutRepository(inherited), "LC_ALL=C", "GIT_OPTIONAL_LOCKS=0", "GIT_TERMINAL_PROMPT=0")
}

// WithoutRepository returns env without the variables that would make git use another repository.
// It is for programs that run git themselves. With those variables, a git clone that dbt runs
// inside a hook would write the index of the commit that is being made.
func WithoutRepository(env []string) []string {
	return slices.DeleteFunc(slices.Clone(env), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return slices.Contains(dropped, name)
	})
}

package git

import (
	"slices"
	"strings"
)

// dropped are the variables that would lead git to another repository than the one at hand, or change what a path means.
// The first group is what git sets when it runs a hook, or a user for one call (`git rev-parse --local-env-vars`, git
// 2.39; GIT_ATTR_SOURCE came with 2.41). GIT_CONFIG_COUNT and GIT_CONFIG_PARAMETERS, which that lists too, stay: they are
// the user's configuration, and where some CI systems keep safe.directory.
var dropped = []string{
	"GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_ATTR_SOURCE", "GIT_COMMON_DIR", "GIT_CONFIG", "GIT_DIR", "GIT_GRAFT_FILE",
	"GIT_IMPLICIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_INTERNAL_SUPER_PREFIX", "GIT_NO_REPLACE_OBJECTS",
	"GIT_OBJECT_DIRECTORY", "GIT_PREFIX", "GIT_REPLACE_REF_BASE", "GIT_SHALLOW_FILE", "GIT_WORK_TREE",

	"GIT_LITERAL_PATHSPECS", "GIT_GLOB_PATHSPECS", "GIT_NOGLOB_PATHSPECS", "GIT_ICASE_PATHSPECS",
}

// environment is what git gets: messages in English, because some are read; no question on the terminal; no optional
// lock, so that looking at a repository changes nothing in it.
func environment(inherited []string) []string {
	return append(WithoutRepository(inherited), "LC_ALL=C", "GIT_OPTIONAL_LOCKS=0", "GIT_TERMINAL_PROMPT=0")
}

// WithoutRepository returns an environment without the variables that lead git to another repository than the one at
// hand, for programs that run git themselves: in a hook, a git clone of theirs would write the index that is to be
// committed.
func WithoutRepository(env []string) []string {
	return slices.DeleteFunc(slices.Clone(env), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return slices.Contains(dropped, name)
	})
}

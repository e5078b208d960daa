package run

import (
	_ "embed" // the plugin
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Plugin is the module that dbt 1 imports, and that makes the comment.
//
//go:embed dbt_dot.py
var Plugin []byte

// PluginFile is the name of the module's file: dbt imports those that begin with dbt_.
const PluginFile = "dbt_dot.py"

// A Comment is what dbt writes into a comment on each query: beside dbt's own fields.
type Comment struct {
	Build string `json:"dot"`           // by the name that ledgers have
	Run   string `json:"run,omitempty"` // its ID, if it is in a ledger
}

// Env returns an environment in which dbt 1 adds the comment, if the project has no query-comment of
// its own. dir is the directory of [Plugin]. If that isn't there, there is dbt's comment.
func (c Comment) Env(env []string, dir string) []string {
	if strings.Contains(dir, string(os.PathListSeparator)) {
		return env // Python would read two directories
	}
	paths := filepath.SplitList(lookup(env, "PYTHONPATH"))
	if !slices.Contains(paths, dir) {
		paths = append(paths, dir)
	}
	fields, _ := json.Marshal(c) // texts only

	env = slices.DeleteFunc(slices.Clone(env), func(entry string) bool { // a host has each of them once
		return strings.HasPrefix(entry, "PYTHONPATH=") || strings.HasPrefix(entry, "DOT_QUERY_COMMENT=")
	})
	return append(env, "PYTHONPATH="+strings.Join(paths, string(os.PathListSeparator)), "DOT_QUERY_COMMENT="+string(fields))
}

// Session returns a name for the sessions of dbt 2 on PostgreSQL, which keeps the first 63 bytes
// (libpq's PGAPPNAME; dbt 1 always gives its sessions the name that the profile says).
func (c Comment) Session() string { return strings.TrimSpace("dot " + c.Build + " " + c.Run) }

package tool

import (
	"strings"

	"dot-for-dbt/internal/lazy"
)

// Release is a release of dbt.
type Release struct {
	Version  string            // of dbt-core, of dbt 2, or of the Cloud CLI; "": unknown
	Adapters map[string]string // adapter, e.g. "duckdb" → version; dbt 2 has its adapters built in
	Cloud    bool              // it is the dbt Cloud CLI, which runs elsewhere and ignores profiles.yml
}

var (
	ansiEscape   = lazy.Regexp("\x1b\\[[0-9;]*[A-Za-z]")
	cloudVersion = lazy.Regexp(`(?m)Cloud CLI - v?([0-9][^\s,]*)`)
	coreVersion  = lazy.Regexp(`(?m)^\s*- installed:\s*([0-9]\S*)`)
	nextVersion  = lazy.Regexp(`(?m)^dbt(?:-core|-fusion|-oss)?[ \t]+v?([0-9]\S*)`)
	pluginLine   = lazy.Regexp(`(?m)^\s*- ([a-z][a-z0-9_]*):\s*([0-9]\S*)`)
)

// ParseVersion reads the output of `dbt --version`: of dbt 1 (a list of core and plugins), dbt 2
// (one line) or the Cloud CLI. It is false for anything else.
func ParseVersion(text string) (Release, bool) {
	text = ansiEscape().ReplaceAllString(text, "")
	if m := cloudVersion().FindStringSubmatch(text); m != nil {
		return Release{Version: m[1], Cloud: true}, true
	}
	if m := coreVersion().FindStringSubmatch(text); m != nil {
		r := Release{Version: m[1], Adapters: map[string]string{}}
		_, plugins, _ := strings.Cut(text, "Plugins:")
		for _, p := range pluginLine().FindAllStringSubmatch(plugins, -1) {
			r.Adapters[p[1]] = p[2]
		}
		return r, true
	}
	// dbt 1.12 prints an advertisement for dbt 2, so this comes last.
	if m := nextVersion().FindStringSubmatch(text); m != nil {
		return Release{Version: m[1]}, true
	}
	return Release{}, false
}

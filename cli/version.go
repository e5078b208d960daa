package cli

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"time"
)

// version returns a line about this program, from the build information of the Go
// toolchain: dot v0.3.0 (9b13827f2a01, 2026-11-27, modified) go1.26.1 linux/amd64. The version is
// "devel" if the program was not built from a tagged version.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	return describeBuild(info, runtime.GOOS, runtime.GOARCH)
}

func describeBuild(info *debug.BuildInfo, goos, goarch string) string {
	settings := settingsOf(info)
	v := strings.Trim(cmp.Or(info.Main.Version, "devel"), "()")
	var source []string
	if revision := settings["vcs.revision"]; revision != "" {
		source = append(source, revision[:min(len(revision), 12)])
	}
	if date := commitDate(settings); date != "" {
		source = append(source, date)
	}
	if settings["vcs.modified"] == "true" {
		source = append(source, "modified")
	}
	if len(source) > 0 {
		v += " (" + strings.Join(source, ", ") + ")"
	}
	return fmt.Sprintf("dot %s %s %s/%s", v, cmp.Or(info.GoVersion, runtime.Version()), goos, goarch)
}

// settingsOf returns the settings of a build by their keys.
func settingsOf(info *debug.BuildInfo) map[string]string {
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	return settings
}

// commitDate returns the date of the commit that a program was built from, "" if the settings lack it.
func commitDate(settings map[string]string) string {
	at, err := time.Parse(time.RFC3339, settings["vcs.time"])
	if err != nil {
		return ""
	}
	return at.UTC().Format(time.DateOnly)
}

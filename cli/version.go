package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// version is dot's version, from what the Go toolchain stamps into the binary.
func version() string {
	v, revision := "unknown", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		v = info.Main.Version
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				revision = " (" + s.Value[:min(len(s.Value), 12)] + ")"
			}
		}
	}
	return fmt.Sprintf("dot %s%s %s/%s %s", v, revision, runtime.GOOS, runtime.GOARCH, runtime.Version())
}

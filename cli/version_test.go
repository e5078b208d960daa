package cli

import (
	"runtime/debug"
	"testing"
)

func TestDescribeBuild(t *testing.T) {
	vcs := func(settings ...debug.BuildSetting) []debug.BuildSetting { return settings }
	for _, tt := range []struct {
		name string
		info debug.BuildInfo
		want string
	}{
		{
			"of a tag",
			debug.BuildInfo{
				GoVersion: "go1.26.1", Main: debug.Module{Version: "v0.3.0"},
				Settings: vcs(debug.BuildSetting{Key: "vcs.revision", Value: "9b13827f2a01c0ffee"}, debug.BuildSetting{Key: "vcs.modified", Value: "false"}, debug.BuildSetting{Key: "vcs.time", Value: "2026-11-27T23:30:00-02:00"}),
			},
			"dot v0.3.0 (9b13827f2a01, 2026-11-28) go1.26.1 plan9/arm",
		},
		{
			"of a changed working tree",
			debug.BuildInfo{
				GoVersion: "go1.26.1", Main: debug.Module{Version: "(devel)"},
				Settings: vcs(debug.BuildSetting{Key: "vcs.revision", Value: "9b13827f2a01c0ffee"}, debug.BuildSetting{Key: "vcs.modified", Value: "true"}),
			},
			"dot devel (9b13827f2a01, modified) go1.26.1 plan9/arm",
		},
		{
			"by go install, without a repository",
			debug.BuildInfo{GoVersion: "go1.26.1", Main: debug.Module{Version: "v0.3.0"}},
			"dot v0.3.0 go1.26.1 plan9/arm",
		},
		{"of nothing known", debug.BuildInfo{GoVersion: "go1.26.1"}, "dot devel go1.26.1 plan9/arm"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := describeBuild(&tt.info, "plan9", "arm"); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

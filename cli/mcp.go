package cli

import (
	"cmp"
	"context"
	"errors"
	"runtime/debug"
	"strings"

	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/ui"
	"dot-for-dbt/mcp"
	"dot-for-dbt/steps"
)

// mcpCommand serves an agent.
type mcpCommand struct {
	ProjectDir string `placeholder:"DIR" help:"The dbt project (default: that of the working directory). Clients can't name another one."`
	AllowDrop  bool   `help:"Let clients drop builds: only those of this .dot, and only what is marked as theirs."`
	AllowRows  bool   `help:"Let comparisons show rows and other values of the data."`
}

func (c *mcpCommand) run(ctx context.Context, a *app, _ *commandLine) error {
	switch {
	case a.Executable == "":
		return errors.New("the system doesn't say where this program is, which the server has to start")
	case a.Stdin == nil:
		return errors.New("there is no stdin, on which a client would talk")
	}
	world := a.world()
	if c.ProjectDir != "" {
		world.Dir = a.path(c.ProjectDir)
	}
	project, err := steps.OpenProject(world)
	if err != nil {
		return hint.Add(err, "name it: dot mcp --project-dir DIR")
	}
	if ui.Interactive(a.Stdin, a.Stderr) {
		a.say.Note("this talks the Model Context Protocol over stdin and stdout: an agent starts it (docs/agents.md)")
	}
	return mcp.Serve(ctx, mcp.Options{
		Program: a.Executable, Dir: project.Dir(), Env: a.Env, Version: shortVersion(),
		In: a.Stdin, Out: a.Process.Stdout,
		AllowDrop: c.AllowDrop, AllowRows: c.AllowRows,
	})
}

// shortVersion is the version alone, as in dot --version.
func shortVersion() string {
	info, _ := debug.ReadBuildInfo()
	if info == nil {
		return "devel"
	}
	return strings.Trim(cmp.Or(info.Main.Version, "devel"), "()")
}

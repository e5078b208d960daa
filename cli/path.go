package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"dot-for-dbt/steps"
)

// pathCommand prints the directory of a build.
type pathCommand struct {
	Spec     string `arg:"" name:"env@ref" help:"The build: env@ref or @ref."`
	Worktree bool   `xor:"part" help:"The worktree of its commit."`
	Target   bool   `xor:"part" help:"dbt's target path: the manifest, compiled SQL."`
	Profiles bool   `xor:"part" help:"The build's profiles.yml."`
	Logs     bool   `xor:"part" help:"dbt's log path."`
}

// schemaCommand prints the schema of a build.
type schemaCommand struct {
	Spec string `arg:"" name:"env@ref" help:"The build: env@ref or @ref."`
}

func (c *pathCommand) run(ctx context.Context, a *app, line *commandLine) error {
	at, err := a.locate(ctx, line, c.Spec)
	if err != nil {
		return err
	}
	path := at.Dir
	switch {
	case c.Worktree:
		path = at.Worktree
	case c.Target:
		path = at.Target
	case c.Profiles:
		path = at.Profiles
	case c.Logs:
		path = at.Logs
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		a.say.Note("it does not exist yet: dot build " + c.Spec + " creates it")
	}
	fmt.Fprintln(a.Stdout, path)
	return nil
}

func (c *schemaCommand) run(ctx context.Context, a *app, line *commandLine) error {
	at, err := a.locate(ctx, line, c.Spec)
	if err != nil {
		return err
	}
	schema, err := at.Schema()
	if err != nil {
		return err
	}
	if !at.Built {
		a.say.Note("nothing is built there yet: dot build " + c.Spec + " builds it")
	}
	fmt.Fprintln(a.Stdout, schema)
	return nil
}

// locate locates the build that a spec denotes. Flags that affect the build, such as
// --vars and dbt's --target, work as for dot build.
func (a *app) locate(ctx context.Context, line *commandLine, text string) (steps.Location, error) {
	req, err := a.request(line, "build", []string{text})
	if err != nil {
		return steps.Location{}, err
	}
	at, err := steps.Locate(ctx, a.world(), req)
	if err == nil && at.Note != "" {
		a.say.Note(at.Note)
	}
	return at, err
}

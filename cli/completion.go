package cli

import (
	"context"
	"embed"
)

// completionScripts are the scripts for shells. They call dot for the choices (see
// complete).
//
//go:embed completion
var completionScripts embed.FS

type completionCommand struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish. The script says where it goes."`
}

func (c *completionCommand) run(_ context.Context, a *app, _ *commandLine) error {
	script, err := completionScripts.ReadFile("completion/dot." + c.Shell)
	if err != nil {
		return err
	}
	_, err = a.Stdout.Write(script)
	return err
}

package cli

import (
	"context"
	"embed"
	"fmt"
	"io"
	"strings"

	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/lazy"
	"dot-for-dbt/internal/text"
)

// completionScripts are the scripts for shells. They call dot for the choices (see
// complete).
//
//go:embed completion
var completionScripts embed.FS

type completionCommand struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish. The script says where it goes."`
	As    string `name:"as" default:"dot" placeholder:"NAME" help:"The name that dot has on your machine, such as dot-for-dbt."`
}

func (c *completionCommand) run(_ context.Context, a *app, _ *commandLine) error {
	script, err := completionScripts.ReadFile("completion/dot." + c.Shell)
	if err != nil {
		return err
	}
	renamed, err := named(string(script), c.As)
	if err != nil {
		return err
	}
	_, err = io.WriteString(a.Stdout, renamed)
	return err
}

var (
	programForm = lazy.Regexp(`^[a-zA-Z][\w.-]*$`)
	programWord = lazy.Regexp(`(?m)(^|[ (])dot($|[ )])`)
)

// named returns a script for a program that isn't called dot: it completes that name, runs that program,
// and its function has another name.
func named(script, program string) (string, error) {
	if program == "dot" {
		return script, nil
	}
	if !programForm().MatchString(program) {
		return "", hint.New(fmt.Sprintf("--as %s: this is not the name of a program in PATH", text.ShellQuote([]string{program})), "--as dot-for-dbt")
	}
	function := strings.NewReplacer("-", "_", ".", "_").Replace(program)
	script = strings.ReplaceAll(script, "_dot", "_"+function)
	for programWord().MatchString(script) { // neighbours share the space between them
		script = programWord().ReplaceAllString(script, "${1}"+program+"${2}")
	}
	return script, nil
}

package cli

import (
	"context"
	"fmt"
	"strings"

	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/text"
	"dot-for-dbt/schemas"
)

// jsonSchemaCommand prints JSON Schemas.
type jsonSchemaCommand struct {
	Name string `arg:"" optional:"" name:"name" help:"The schema: plan, report, dot_environments, … Default: their names."`
}

func (c *jsonSchemaCommand) run(_ context.Context, a *app, _ *commandLine) error {
	if c.Name == "" {
		_, err := fmt.Fprintln(a.Stdout, strings.Join(schemas.Names(), "\n"))
		return err
	}
	schema, err := schemas.Read(c.Name)
	if err != nil {
		return hint.Add(fmt.Errorf("dot has no schema %s", text.Visible(c.Name)), "dot json-schema lists them")
	}
	_, err = a.Stdout.Write(schema)
	return err
}

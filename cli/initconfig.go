package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"dot-for-dbt/config"
	"dot-for-dbt/internal/durable"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/schemas"
	"dot-for-dbt/steps"
)

// schemasDir is the directory of a project with the schemas of dot's files, for editors. It is
// committed, so that an editor has the schemas in a fresh clone, too: see adr/0024.
const schemasDir = "dot_schemas"

// initConfigCommand writes a project's first configuration.
type initConfigCommand struct {
	Schemas bool `help:"Write only the schemas, again: after an update of dot."`
}

func (c *initConfigCommand) run(_ context.Context, a *app, line *commandLine) error {
	project, err := steps.OpenProject(a.world())
	if err != nil {
		return err
	}
	environments := filepath.Join(project.Dir(), config.EnvironmentsFile)
	_, err = os.Lstat(environments)
	exists := err == nil
	text := ""
	if !c.Schemas {
		outputs, err := project.Outputs()
		if err != nil {
			return err
		}
		text = config.Template(outputs.Profile, outputs.Names, outputs.Default, schemaPath(config.EnvironmentsFile))
	}
	switch {
	case line.DryRun && exists && !c.Schemas:
		a.say.Note(config.EnvironmentsFile + " exists: dot init-config would leave it as it is")
	case exists && !c.Schemas:
		return hint.Add(fmt.Errorf("%s exists, and is left as it is", environments),
			"to see what would be written: dot init-config --dry-run",
			"for completion in an editor: dot init-config --schemas, and this as the file's first line: "+schemaLine(config.EnvironmentsFile))
	}
	if line.DryRun {
		_, err := io.WriteString(a.Stdout, text)
		return err
	}
	if err := a.writeSchemas(project.Dir()); err != nil {
		return err
	}
	if c.Schemas {
		return nil
	}
	switch err := durable.Create(environments, []byte(text), 0o644); {
	case errors.Is(err, fs.ErrExist):
		return fmt.Errorf("%s was written by another program meanwhile, and is left as it is", environments)
	case err != nil:
		return err
	}
	a.say.Line("wrote " + environments)
	return nil
}

// schemaPath is the path of a file's schema from the file on.
func schemaPath(file string) string {
	return path.Join(schemasDir, schemas.File(schemas.Of(file)))
}

// schemaLine is the comment that tells an editor where the schema of a file is.
func schemaLine(file string) string { return "# yaml-language-server: $schema=" + schemaPath(file) }

// writeSchemas writes the schemas of the project's files, unless they are there. A file that isn't
// dot's is not replaced.
func (a *app) writeSchemas(dir string) error {
	for _, file := range []string{config.EnvironmentsFile, config.VarsFile} {
		text, err := schemas.Read(schemas.Of(file))
		if err != nil {
			return err
		}
		name := filepath.Join(dir, filepath.FromSlash(schemaPath(file)))
		switch old, err := os.ReadFile(name); {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return err
		case bytes.Equal(old, text):
			continue
		case !schemas.Is(schemas.Of(file), old):
			return hint.Add(fmt.Errorf("%s is no schema of dot's, and is left as it is", name), "rename it")
		}
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if err := durable.Write(name, text, 0o644); err != nil {
			return err
		}
		a.say.Line("wrote " + name)
	}
	return nil
}

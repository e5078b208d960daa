package steps

import (
	"context"

	"dot-for-dbt/config"
	"dot-for-dbt/internal/dbt"
)

// findDBT looks for the dbt to use in an environment, on target if that isn't
// nil.
func (c *compiler) findDBT(ctx context.Context, env config.Environment, target *build) error {
	search := c.search(env)
	// A plain call needs no version, and where there is no workspace it would
	// be asked for each time, at the price of a start of dbt.
	search.MayRun = !c.req.Planning && c.req.Spec.Isolated()
	if c.ws != nil {
		search.Versions = c.program.memo
	}
	tool, err := c.findTool(ctx, env, target, search)
	if err != nil {
		return err
	}
	if tool.Cloud && c.req.Spec.Isolated() {
		return &hintError{
			msg:   tool.Path + " is the dbt Cloud CLI, which does not read profiles.yml: it can't build in a schema of its own",
			hints: []string{"install dbt Core (pip install dbt-core dbt-<adapter>), and name it: DOT_DBT=.venv/bin/dbt"},
		}
	}
	c.program.Tool = tool
	c.program.Details = append(c.program.Details, "dbt found through "+tool.How)
	return nil
}

// search is where the dbt of an environment is looked for.
func (c *compiler) search(env config.Environment) dbt.Search {
	return dbt.Search{
		Env:     func(name string) string { value, _ := c.getenv(name); return value },
		Setting: env.Dot.DBT, Dir: c.project,
	}
}

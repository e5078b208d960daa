package steps

import (
	"context"

	"dot-for-dbt/config"
	"dot-for-dbt/internal/dbt/tool"
)

// findDBT looks for the dbt of a job.
func (c *compiler) findDBT(ctx context.Context, job *job) error {
	search := c.search(job.env)
	// A plain job needs no version, and where there is no workspace it would
	// be asked for each time, at the price of a start of dbt.
	search.MayRun = !c.req.Planning && job.build != nil
	if c.ws != nil {
		search.Versions = c.program.memo
	}
	var err error
	if job.tool, err = c.findTool(ctx, job.env, job.build, search); err != nil {
		return err
	}
	if job.tool.Cloud && job.build != nil {
		return &hintError{
			msg:   job.tool.Path + " is the dbt Cloud CLI, which does not read profiles.yml: it can't build in a schema of its own",
			hints: []string{"install dbt Core (pip install dbt-core dbt-<adapter>), and name it: DOT_DBT=.venv/bin/dbt"},
		}
	}
	c.program.detail("dbt found through " + job.tool.How)
	return nil
}

// search is where the dbt of an environment is looked for.
func (c *compiler) search(env config.Environment) tool.Search {
	return tool.Search{
		Env:     func(name string) string { value, _ := c.getenv(name); return value },
		Setting: env.Dot.DBT, Dir: c.project,
	}
}

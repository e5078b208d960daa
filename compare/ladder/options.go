package ladder

import (
	"strconv"

	"dot-for-dbt/internal/dbt"
)

// CrossDatabase reports whether an adapter's queries can read several databases.
func CrossDatabase(adapter string) bool {
	return adapter != "duckdb" && adapter != "postgres" && adapter != "redshift"
}

// Options are those of the dbt run of a job's project, but for where it lies and
// with which profile it connects.
func Options(job Job) []dbt.Option {
	off := func(flag string) dbt.Option { return dbt.Option{Flag: flag, Negated: true} }
	return []dbt.Option{
		dbt.NewOption("threads", strconv.Itoa(max(job.Threads, 1))),
		dbt.NewOption("log-level-file", "none"), dbt.NewOption("write-json"),
		off("send-anonymous-usage-stats"),
		// Of what the environment may say otherwise.
		off("fail-fast"), off("defer"), off("empty"),
		// It is of no use here: nothing is created, and no relation is asked for.
		off("populate-cache"),
	}
}

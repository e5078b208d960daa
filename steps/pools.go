package steps

import "maps"

// Limits on parallel steps. Locks are for other processes; pools limit the steps of
// one invocation.

const (
	// jobsPool limits the number of parallel programs (-j).
	jobsPool = "jobs"
	// workingTreePool lets one plain job run at a time: they share the project's
	// target path.
	workingTreePool = "working tree"
	// pullPool lets one build at a time be taken over from a store.
	pullPool = "pull"
)

// namedPool returns the pool with a name of the configuration.
func namedPool(name string) string { return "pool " + name }

// pools returns the pools of a job's command.
func (p *planner) pools(job *job) []string {
	pools := []string{jobsPool}
	if name := job.env.Dot.Pool; name != "" {
		pools = append(pools, namedPool(name))
		p.size(namedPool(name), job.env.Dot.Pools[name])
	}
	if job.build == nil {
		pools = append(pools, workingTreePool)
	}
	if job.duckdb != "" {
		pools = append(pools, duckdbLock(job.duckdb, "").Name)
	}
	return pools
}

// duckdbFile returns the path of the DuckDB file that a job's command opens, "" for
// none.
func (p *planner) duckdbFile(job *job) string {
	if job.output == nil || !job.Command.OpensAdapter {
		return ""
	}
	return p.factsOf(job.output).duckdb // "" also if the path is not known
}

// size sets the size of a pool. If environments set different sizes, the smallest
// applies.
func (p *planner) size(pool string, places int) {
	if had, ok := p.program.pools[pool]; !ok || places < had {
		p.program.pools[pool] = places
	}
}

// Pools returns the sizes of the graph's pools, where jobs is the number of parallel
// programs. Pools that are not listed have size one.
func (p *Program) Pools(jobs int) map[string]int {
	sizes := maps.Clone(p.pools)
	sizes[jobsPool] = jobs
	return sizes
}

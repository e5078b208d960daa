package steps

import "maps"

// What may run at once in an invocation. Locks keep other processes out; pools
// make the builds of one take turns.

const (
	// jobsPool bounds how many programs run at once (-j).
	jobsPool = "jobs"
	// workingTreePool makes plain jobs take turns: they share the project's
	// target path.
	workingTreePool = "working tree"
)

// namedPool is a pool that the configuration names.
func namedPool(name string) string { return "pool " + name }

// pools are those that a job's own command takes a place in.
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
		pools = append(pools, duckdbLock(job.duckdb).Name)
	}
	return pools
}

// duckdbFile is the path of the DuckDB file that a job's command opens, "" if
// it opens none.
func (p *planner) duckdbFile(job *job) string {
	if job.output == nil || !job.Command.OpensAdapter {
		return ""
	}
	return p.factsOf(job.output).duckdb // "" too where it can't be told
}

// size sets the size of a pool. Of two environments that size it differently
// the smaller counts.
func (p *planner) size(pool string, places int) {
	if had, ok := p.program.pools[pool]; !ok || places < had {
		p.program.pools[pool] = places
	}
}

// Pools are the sizes of the pools in which the graph's steps run, with jobs
// programs at once. All others have one place.
func (p *Program) Pools(jobs int) map[string]int {
	sizes := maps.Clone(p.pools)
	sizes[jobsPool] = jobs
	return sizes
}

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
func (c *compiler) pools(job *job) []string {
	pools := []string{jobsPool}
	if name := job.env.Dot.Pool; name != "" {
		pools = append(pools, namedPool(name))
		c.program.size(namedPool(name), job.env.Dot.Pools[name])
	}
	if job.build == nil {
		pools = append(pools, workingTreePool)
	}
	if file := c.duckdbFile(job); file != "" {
		pools = append(pools, duckdbLock(file).Name)
	}
	return pools
}

// duckdbFile is the path of the DuckDB file that a job's command opens, "" if
// it opens none.
func (c *compiler) duckdbFile(job *job) string {
	if job.output == nil || !job.Command.OpensAdapter {
		return ""
	}
	return c.factsOf(job.output).duckdb // "" too where it can't be told
}

// size sets the size of a pool. Of two environments that size it differently
// the smaller counts.
func (p *Program) size(pool string, places int) {
	if had, ok := p.sizes[pool]; !ok || places < had {
		p.sizes[pool] = places
	}
}

// Pools are the sizes of the pools in which the graph's steps run, with jobs
// programs at once. All others have one place.
func (p *Program) Pools(jobs int) map[string]int {
	sizes := maps.Clone(p.sizes)
	sizes[jobsPool] = jobs
	return sizes
}

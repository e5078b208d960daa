package steps

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/hint"
)

// bases keeps the manifests of baselines: 1,000 candidates over one baseline read its
// manifest once. It is safe for concurrent use.
type bases struct {
	mu sync.Mutex
	by map[baseKey]func() (*artifact.Base, error)
}

// baseKey identifies a manifest. A baseline that is built meanwhile has another run.
type baseKey struct{ state, run string }

// baseOf returns the manifest of the build that a job defers to. One that is damaged,
// or that belongs to another project, is an error with a hint.
func (ls *layers) baseOf(job *job, below standing) (*artifact.Base, error) {
	base, err := ls.bases.get(below)
	if job.baseline == nil {
		return base, err
	}
	b := job.baseline.build
	problem := ""
	switch {
	case err != nil:
		problem = fmt.Sprintf("the manifest.json of %s can't be read: %v", b, err)
	case base.Project != "" && base.Project != b.project.Name:
		problem = fmt.Sprintf("the manifest.json of %s is of another project: %s, not %s", b, base.Project, b.project.Name)
	default:
		return base, nil
	}
	return nil, hint.New(problem, job.baseline.remedy())
}

// get returns the manifest of a standing.
func (b *bases) get(s standing) (*artifact.Base, error) {
	b.mu.Lock()
	key := baseKey{s.state, s.runID()}
	read := b.by[key]
	if read == nil {
		read = sync.OnceValues(func() (*artifact.Base, error) {
			name := filepath.Join(s.state, "manifest.json")
			f, err := os.Open(name)
			if err != nil {
				return nil, err
			}
			defer f.Close()
			return artifact.ReadBase(name, f)
		})
		if b.by == nil {
			b.by = map[baseKey]func() (*artifact.Base, error){}
		}
		b.by[key] = read
	}
	b.mu.Unlock()
	return read()
}

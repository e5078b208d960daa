package steps

import (
	"os"
	"path/filepath"
	"sync"

	"dot-for-dbt/internal/dbt/artifact"
)

// bases keeps the manifests of baselines: 1,000 candidates over one baseline read its
// manifest once. It is safe for concurrent use.
type bases struct {
	mu sync.Mutex
	by map[baseKey]func() (*artifact.Base, error)
}

// baseKey identifies a manifest. A baseline that is built meanwhile has another run.
type baseKey struct{ state, run string }

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

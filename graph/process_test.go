package graph_test

import (
	"context"
	"os"
	"slices"
	"sync"

	"dot-for-dbt/graph"
)

// locks are working locks for the simulated processes of a test.
type locks struct {
	mu   sync.Mutex
	held map[string][]holding // by the lock's name
	free chan struct{}        // closed and replaced at every release
}

type holding struct {
	process string
	shared  bool
}

func newLocks() *locks {
	return &locks{held: map[string][]holding{}, free: make(chan struct{})}
}

// holders returns who holds a lock.
func (l *locks) holders(lock string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var who []string
	for _, h := range l.held[lock] {
		who = append(who, h.process)
	}
	return who
}

func (l *locks) process(name string) *process { return &process{locks: l, name: name} }

// A process is the graph.Locker of one process.
type process struct {
	*locks
	name string
	// asked has the sets of locks that were asked for, in order. onLock, if not nil, is called with
	// their number before anything is locked. files are returned as the locks' files.
	asked  [][]graph.Lock
	onLock func(times int) error
	files  map[string]*os.File
}

func (p *process) Lock(ctx context.Context, locks []graph.Lock, waiting func(graph.Lock, string)) (graph.Held, error) {
	p.asked = append(p.asked, slices.Clone(locks))
	if p.onLock != nil {
		if err := p.onLock(len(p.asked)); err != nil {
			return nil, err
		}
	}
	h := &held{process: p}
	for _, lock := range locks {
		for !h.take(lock) {
			p.mu.Lock()
			who, free := p.against(lock), p.free
			p.mu.Unlock()
			if who == "" {
				continue
			}
			waiting(lock, who)
			select {
			case <-free:
			case <-ctx.Done():
				h.Release()
				return nil, ctx.Err()
			}
		}
	}
	return h, nil
}

func (p *process) Holder(lock graph.Lock) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.against(lock)
}

// against returns who prevents taking a lock, or "". The caller holds mu.
func (p *process) against(lock graph.Lock) string {
	for _, h := range p.held[lock.Name] {
		if !h.shared || !lock.Shared {
			return h.process
		}
	}
	return ""
}

type held struct {
	process *process
	names   []string
}

// take takes a lock if nobody prevents that.
func (h *held) take(lock graph.Lock) bool {
	p := h.process
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.against(lock) != "" {
		return false
	}
	p.held[lock.Name] = append(p.held[lock.Name], holding{p.name, lock.Shared})
	h.names = append(h.names, lock.Name)
	return true
}

func (h *held) Files(locks []graph.Lock) []*os.File {
	var files []*os.File
	for _, lock := range locks {
		if file := h.process.files[lock.Name]; file != nil && slices.Contains(h.names, lock.Name) {
			files = append(files, file)
		}
	}
	return files
}

func (h *held) Release() {
	p := h.process
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, name := range h.names {
		p.held[name] = slices.DeleteFunc(p.held[name], func(g holding) bool { return g.process == p.name })
	}
	h.names = nil
	close(p.free)
	p.free = make(chan struct{})
}

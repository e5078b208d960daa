package graph

import (
	"cmp"
	"context"
	"maps"
	"os"
	"slices"
)

// A Lock names something that two processes must not work on at once.
type Lock struct {
	// Name is unique among locks. Locks are taken in the order of their names, so that two
	// processes never wait for each other.
	Name string
	// Shared allows other shared holders of the lock.
	Shared bool
	// What is the lock's name in messages: "build dev@9b13827".
	What string
}

// A Locker takes locks that end at the latest with the process that holds them.
type Locker interface {
	// Lock takes all of locks. It waits for those that others hold, and calls waiting with the
	// holder before it waits.
	Lock(ctx context.Context, locks []Lock, waiting func(l Lock, holder string)) (Held, error)
	// Holder returns who prevents taking a lock, or "". It changes nothing.
	Holder(l Lock) string
}

// Held is a set of locks that this process holds.
type Held interface {
	// Files returns the open files of those of locks that are held, for children to inherit.
	Files(locks []Lock) []*os.File
	// Release releases all of them.
	Release()
}

// NoLocks is a Locker for graphs that share nothing with other processes.
type NoLocks struct{}

// Lock takes nothing.
func (NoLocks) Lock(context.Context, []Lock, func(Lock, string)) (Held, error) {
	return noneHeld{}, nil
}

// Holder returns "".
func (NoLocks) Holder(Lock) string { return "" }

type noneHeld struct{}

func (noneHeld) Files([]Lock) []*os.File { return nil }
func (noneHeld) Release()                {}

// locks returns the locks that running the plan needs: those of the steps that run, and, shared,
// those of the steps whose results they use. A plan in which nothing runs needs none.
func (p *Plan) locks() []Lock {
	if p.Runs() == 0 {
		return nil
	}
	var locks []Lock
	for _, d := range p.Steps {
		for _, l := range d.Step.Locks {
			l.Shared = l.Shared || !d.Decision.Run
			locks = append(locks, l)
		}
	}
	return union(locks, nil)
}

// locksFor returns the locks that a step needs while it runs: its own, and those of the steps that
// it depends on, each once.
func (g *Graph) locksFor(step *Step) []Lock {
	var locks []Lock
	seen := map[string]bool{}
	var visit func(*Step)
	visit = func(s *Step) {
		if seen[s.Name] {
			return
		}
		seen[s.Name] = true
		locks = append(locks, s.Locks...)
		for _, name := range s.Deps {
			visit(g.steps[g.index[name]])
		}
	}
	visit(step)
	return union(locks, nil)
}

// cover reports whether held, with each lock once, includes every lock in need.
func cover(held, need []Lock) bool {
	byName := make(map[string]Lock, len(held))
	for _, h := range held {
		byName[h.Name] = h
	}
	for _, n := range need {
		if h, ok := byName[n.Name]; !ok || h.Shared && !n.Shared {
			return false
		}
	}
	return true
}

// union returns the locks of a and b, each once, sorted by name.
func union(a, b []Lock) []Lock {
	byName := make(map[string]Lock)
	for _, l := range slices.Concat(a, b) {
		if had, ok := byName[l.Name]; ok {
			l.Shared = l.Shared && had.Shared
		}
		byName[l.Name] = l
	}
	locks := slices.Collect(maps.Values(byName))
	slices.SortFunc(locks, func(a, b Lock) int { return cmp.Compare(a.Name, b.Name) })
	return locks
}

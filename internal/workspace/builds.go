package workspace

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/durable"
)

// Looking at all builds. There may be thousands: Builds reads as little as it can of each, and the
// methods for one build read the rest.

// A Found is a build that has a directory.
type Found struct {
	Build
	// Used is when a record of the build was last written, according to the file system.
	Used time.Time
}

// Builds lists the builds of all projects, sorted by directory. For each it reads the commit's
// file and two directories. If that file is damaged, the build's commit has no Hash. Flaws are
// directories and files that can't be read.
func (w *Workspace) Builds() ([]Found, []Flaw, error) { return w.builds(w.buildsOf) }

// Recent lists the most builds that were used last, the last one first, and says how many more there
// are. It reads only their commits' files.
func (w *Workspace) Recent(most int) (recent []Found, more int, flaws []Flaw, err error) {
	all, flaws, err := w.builds(func(short string) ([]Found, []Flaw) { return w.buildsIn(Commit{Short: short, w: w}) })
	if err != nil {
		return nil, 0, nil, err
	}
	slices.SortStableFunc(all, func(a, b Found) int { return b.Used.Compare(a.Used) })
	recent = all[:min(most, len(all))]
	for i := range recent {
		commit := &recent[i].Commit
		if commit.Hash, err = w.owner(commit.Short); err != nil && !errors.Is(err, fs.ErrNotExist) {
			name, _ := commit.File()
			flaws = append(flaws, Flaw{Path: name, Kind: Closed, Err: err})
		}
	}
	return recent, len(all) - len(recent), flaws, nil
}

// builds lists the builds of all commits, which one lists for each.
func (w *Workspace) builds(one func(short string) ([]Found, []Flaw)) ([]Found, []Flaw, error) {
	entries, err := os.ReadDir(w.file("build"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, err
	}
	found, flaws := make([][]Found, len(entries)), make([][]Flaw, len(entries))
	Parallel(len(entries), func(i int) {
		if entries[i].IsDir() {
			found[i], flaws[i] = one(entries[i].Name())
		}
	})
	return slices.Concat(found...), slices.Concat(flaws...), nil
}

// Parallel calls do for 0 to n-1, as many at once as it takes to keep the processors busy with small
// files.
func Parallel(n int, do func(i int)) {
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(n, 4*runtime.GOMAXPROCS(0)) {
		workers.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	workers.Wait()
}

// buildsOf lists the builds of a commit.
func (w *Workspace) buildsOf(short string) ([]Found, []Flaw) {
	hash, err := w.owner(short)
	found, flaws := w.buildsIn(Commit{Hash: hash, Short: short, w: w})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		flaws = append([]Flaw{{Path: w.file("build", short, "commit"), Kind: Closed, Err: err}}, flaws...)
	}
	return found, flaws
}

// buildsIn lists the builds in a commit's directory.
func (w *Workspace) buildsIn(commit Commit) (found []Found, flaws []Flaw) {
	flaw := func(file string, err error) {
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // another dot may remove it meanwhile
			flaws = append(flaws, Flaw{Path: file, Kind: Closed, Err: err})
		}
	}
	add := func(project, env string) {
		env, tree, _ := strings.Cut(env, "~") // see Build.envName
		b := commit.Build(project, env)
		b.Tree = tree
		found = append(found, Found{Build: b, Used: b.used()})
	}
	envs, err := os.ReadDir(filepath.Join(commit.Dir(), "env"))
	flaw(filepath.Join(commit.Dir(), "env"), err)
	for _, env := range envs {
		if env.IsDir() {
			add("", env.Name())
		}
	}
	projects := filepath.Join(commit.Dir(), "projects")
	if _, err := os.Stat(projects); err != nil {
		flaw(projects, err)
		return found, flaws
	}
	err = filepath.WalkDir(projects, func(dir string, entry fs.DirEntry, err error) error {
		if err != nil {
			flaw(dir, err)
			return fs.SkipDir
		}
		if !entry.IsDir() {
			return nil
		}
		if path.Base(filepath.ToSlash(filepath.Dir(dir))) != "env" || !isBuild(dir) {
			return nil // a part of a project's path, which may be called env, too
		}
		project, err := filepath.Rel(projects, filepath.Dir(filepath.Dir(dir)))
		if err != nil || project == "." {
			return err
		}
		add(filepath.ToSlash(project), entry.Name())
		return fs.SkipDir
	})
	flaw(projects, err)
	return found, flaws
}

// isBuild reports whether a directory has anything of a build. A project's directory has records, too.
func isBuild(dir string) bool {
	for _, name := range []string{"profiles.yml", "layer", "state", "target", "logs"} {
		if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
			return true
		}
	}
	return false
}

// used returns when a record of the build was last written: that replaces a file, which changes the
// directory. Without records it is when the build's directory changed.
func (b Build) used() time.Time {
	for _, dir := range []string{filepath.Join(b.Dir(), "records"), b.Dir()} {
		if info, err := os.Stat(dir); err == nil {
			return info.ModTime()
		}
	}
	return time.Time{}
}

// Foreign reports whether another tool has built the build, and dot never ran on it.
func (b Build) Foreign() bool {
	_, err := os.Stat(filepath.Join(b.Target(), "manifest.json"))
	return err == nil && !b.Ran()
}

// Exists reports whether the build has a directory.
func (b Build) Exists() bool {
	if b.Commit.w.isBare(b.Commit.Short) {
		return false
	}
	_, err := os.Stat(b.Dir())
	return err == nil
}

// Hash returns the full hash of the commit whose directory is called short, "" if there is none or if
// its file is damaged.
func (w *Workspace) Hash(short string) (string, error) { return w.owner(short) }

// Standings returns a build's standing at each place that it was built in. If a ledger can't be
// trusted, the standing has a Layer only, and Nodes is nil. The errors name the layers and ledgers
// that can't be trusted.
func (w *Workspace) Standings(b Build) (all []Standing, errs []error) {
	for _, id := range b.places() {
		file := filepath.Join(b.Dir(), "layer", id+".json")
		data, err := os.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) { // only an old ledger has it, if any
			if data, err := os.ReadFile(w.file("places", id+".json")); err == nil {
				if old, err := parseLedgerOld(data); err == nil {
					if s, err := w.standingOld(b, old.Place); err == nil {
						all = append(all, s)
					}
				}
			}
			continue
		}
		var layer *Layer
		if err == nil {
			layer, err = parseLayer(data)
		}
		if err == nil && (layer.Build != b.ID() || layer.Place.ID() != id) {
			err = errors.New("it is the layer of another build: " + layer.Build)
		}
		if err != nil {
			errs = append(errs, about(file, err))
			continue
		}
		s, err := w.standingOf(layer)
		if err != nil {
			errs = append(errs, err)
			s = Standing{Layer: layer}
		}
		all = append(all, s)
	}
	return all, errs
}

// about adds the name of a file to an error that lacks it.
func about(file string, err error) error {
	if errors.As(err, new(*fs.PathError)) {
		return err
	}
	return fmt.Errorf("%s: %w", file, err)
}

// places returns the IDs of the places that the build was built in.
func (b Build) places() []string {
	var ids []string
	for _, dir := range []string{"layer", "state"} { // older versions of dot leave only state
		entries, _ := os.ReadDir(filepath.Join(b.Dir(), dir))
		for _, e := range entries {
			id, isLayer := strings.CutSuffix(e.Name(), ".json")
			if isLayer == (dir == "layer") && !durable.IsTemporary(e.Name()) && !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// Below returns the layers that a build rests on, without a look at its ledgers. damaged is set if
// a layer of the build can't be trusted: then some may be missing.
func (w *Workspace) Below(b Build) (refs []LayerRef, damaged bool) {
	entries, _ := os.ReadDir(filepath.Join(b.Dir(), "layer"))
	for _, e := range entries {
		if durable.IsTemporary(e.Name()) {
			continue
		}
		data, err := os.ReadFile(filepath.Join(b.Dir(), "layer", e.Name()))
		if errors.Is(err, fs.ErrNotExist) || err == nil && !bytes.Contains(data, []byte(`"below"`)) { // most have none, and large ones take long to parse
			continue
		}
		var l *Layer
		if err == nil {
			l, err = parseLayer(data)
		}
		switch {
		case err != nil:
			damaged = true
		case l.Below != nil:
			refs = append(refs, *l.Below)
		}
	}
	return refs, damaged
}

// A Saved record is a record of a build with its name, such as "build" or "check-build". If the
// record can't be trusted, Err says why.
type Saved struct {
	Slot string
	graph.Record
	Written time.Time // according to the file system
	Err     error
}

// checkSlot starts the slot of a check; its command's follows.
const checkSlot = "check-"

// CheckRecord names the record of the check of a command with that slot.
func (b Build) CheckRecord(slot string) string { return b.Record(checkSlot + slot) }

// CheckOf returns the slot of the command that a record's check belongs to. ok is false if the
// record is not a check's.
func (s Saved) CheckOf() (slot string, ok bool) { return strings.CutPrefix(s.Slot, checkSlot) }

// SavedRecords returns the records of a build's commands, and those of checks without a newer record
// of their command. Other checks tell nothing more, and may be large.
func (w *Workspace) SavedRecords(b Build) []Saved {
	dir := w.file(filepath.FromSlash(b.Record("")))
	entries, _ := os.ReadDir(dir)
	var all []Saved
	at := map[string]time.Time{}
	for _, e := range entries {
		slot, ok := strings.CutSuffix(e.Name(), ".json")
		info, err := e.Info()
		if !ok || err != nil || durable.IsTemporary(e.Name()) {
			continue
		}
		at[slot] = info.ModTime()
		all = append(all, Saved{Slot: slot, Written: info.ModTime()})
	}
	all = slices.DeleteFunc(all, func(s Saved) bool {
		command, isCheck := s.CheckOf()
		return isCheck && !at[command].IsZero() && !at[command].Before(s.Written)
	})
	for i, s := range all {
		data, err := os.ReadFile(filepath.Join(dir, s.Slot+".json"))
		if err == nil {
			all[i].Record, err = graph.ParseRecord(data)
		}
		if err != nil {
			all[i].Err = about(filepath.Join(dir, s.Slot+".json"), err)
		}
	}
	return slices.DeleteFunc(all, func(s Saved) bool { return errors.Is(s.Err, fs.ErrNotExist) })
}

package steps

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/text"
	"dot-for-dbt/internal/workspace"
	"dot-for-dbt/spec"
)

// A standing is what a build really has in its place: as the ledger says or, where
// another tool made it, as what dbt left in its target path does.
type standing struct {
	workspace.Standing
	build *build
	// adopted is set for a build that another tool made: it has no ledger.
	adopted bool
	// state is the directory of its artifacts, dbt's --state.
	state string
}

// The purposes that a build's standing is asked for.
const (
	toDefer   = "defer to"
	toCompare = "compare"
)

// standing reads what a build has, for somebody who named it by a spec and wants
// to defer to it or to compare it. An error about what it lacks has the command
// that builds it.
func (rt *runtime) standing(b *build, named spec.Spec, purpose string) (standing, error) {
	remedy := func(msg string, more ...string) error {
		return hint.New(msg, "build it: "+text.ShellQuote(append([]string{"dot", "build", named.String()}, more...)))
	}
	ledger, err := rt.ws.Ledger(b.place)
	if err != nil {
		return standing{}, remedy(fmt.Sprintf("what %s built is not known: %v", b, err), "--force")
	}
	found := standing{build: b, state: b.State(b.place)}
	var ok bool
	found.Standing, ok = ledger.Standing(b.ID())
	if last := ledger.LastRun().Build; !ok && last == "" {
		if found.Standing, err = adopt(b); err != nil {
			if errors.Is(err, errNeverBuilt) {
				err = fmt.Errorf("%w: there is nothing to %s", err, purpose)
			}
			return standing{}, remedy(err.Error())
		}
		found.adopted, found.state = true, b.Target()
	} else if !ok && last != b.ID() {
		// What dbt's run results of then say is no longer so.
		return standing{}, remedy(fmt.Sprintf("nothing that %s built is there: its schema was last written by %s", b, last))
	}
	if found.count(workspace.Written) == 0 {
		return standing{}, remedy(fmt.Sprintf("nothing of %s was built to its end: there is nothing to %s", b, purpose))
	}
	if found.adopted {
		return found, nil // its manifest has been read
	}
	info, err := os.Stat(filepath.Join(found.state, "manifest.json"))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return standing{}, remedy(fmt.Sprintf("the manifest.json of %s is missing", b), "--force")
	case err != nil:
		return standing{}, remedy(fmt.Sprintf("the manifest.json of %s can't be read: %v", b, err), "--force")
	case info.Size() != found.Run.Manifest:
		return standing{}, remedy(fmt.Sprintf("the manifest.json of %s is damaged: it has %d bytes, and had %d", b, info.Size(), found.Run.Manifest), "--force")
	}
	return found, nil
}

// count returns how many of the build's nodes have a status.
func (s standing) count(status workspace.Status) int {
	n := 0
	for _, e := range s.Nodes {
		if e.Status == status {
			n++
		}
	}
	return n
}

// doubts are warnings about nodes that a baseline does not have as it should.
func (s standing) doubts() []string {
	var failed, unknown []string
	for _, id := range slices.Sorted(maps.Keys(s.Nodes)) {
		switch s.Nodes[id].Status {
		case workspace.Damaged:
			failed = append(failed, id)
		case workspace.Unknown:
			unknown = append(unknown, id)
		}
	}
	var out []string
	warn := func(nodes []string, what string) {
		if len(nodes) > 0 {
			out = append(out, fmt.Sprintf("baseline %s: %s: %s", s.build, what, listNames(nodes)))
		}
	}
	warn(failed, "it failed on")
	warn(unknown, "it was interrupted before these were done")
	warn(slices.Sorted(maps.Keys(s.Foreign)), "another build has since written")
	return out
}

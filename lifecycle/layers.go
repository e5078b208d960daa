package lifecycle

import (
	"errors"
	"io/fs"
	"slices"
	"strings"

	"dot-for-dbt/internal/layer"
	"dot-for-dbt/internal/workspace"
	"dot-for-dbt/steps"
)

// A Place is where a build was built, and what it has there.
type Place struct {
	workspace.Place
	// Schemas are those that the build has written to, with the profile's first.
	Schemas []string
	// Nodes is nil if that isn't known: a ledger can't be trusted, or a secret variable says where the
	// place is.
	Nodes *Nodes
	// Below is what the build rests on, nil for nothing.
	Below *Below

	standing workspace.Standing
}

// Nodes are counts of the nodes that a build has written or tried to write.
type Nodes struct {
	Own      int // it has them, according to the ledgers
	Broken   int // it doesn't have them: they failed, were skipped, interrupted, overwritten or dropped
	Building int // the run that goes on now may write them
}

// A Below is the layer that a build rests on.
type Below struct {
	workspace.LayerRef
	// Gone says why the layer can't be used, "" if it can.
	Gone string
	// Nodes is the number of nodes that can be read through this build from the layers below: they have
	// them, and this build neither wrote nor changed them. It is nil if that isn't known.
	Nodes *int
}

// Name returns the name of the lower build, as [Build.Name] does.
func (b Below) Name() string { return b.ID() }

// place describes a standing.
func (r *reader) place(s workspace.Standing) Place {
	p := Place{Place: s.Place, Schemas: []string{s.Place.Schema}, standing: s}
	for _, other := range s.Places {
		if !slices.Contains(p.Schemas, other.Schema) {
			p.Schemas = append(p.Schemas, other.Schema)
		}
	}
	if s.Below != nil {
		p.Below = &Below{LayerRef: *s.Below}
	}
	return p
}

// known reports whether the ledgers tell of a standing's nodes. In the place of a secret variable's
// value they have a digest, with which no database file can be found.
func (r *reader) known(s workspace.Standing) bool {
	return s.Nodes != nil && !slices.ContainsFunc(s.Places, func(p workspace.Place) bool {
		return workspace.IsHidden(r.ws.Reveal(p.Database)) || workspace.IsHidden(r.ws.Reveal(p.Schema))
	})
}

// count counts a standing's nodes, nil if they aren't known. running is set if a run goes on.
func (r *reader) count(s workspace.Standing, running bool) *Nodes {
	if !r.known(s) {
		return nil
	}
	n := new(Nodes)
	for id, node := range steps.NewLayer("", s, nil).Nodes {
		e := s.Nodes[id]
		switch {
		case node.Problem == "":
			n.Own++
		case running && s.Open != nil && e.Run == s.Open.ID && e.Status == workspace.Unknown:
			n.Building++
		default:
			n.Broken++
		}
	}
	return n
}

// A lower is a layer that others may rest on.
type lower struct {
	ref    workspace.LayerRef
	layer  *layer.Layer
	restOn *workspace.LayerRef // nil for nothing
	// gone says why the layer can't be used, "" if it can.
	gone string
	// unknown is set if it isn't known what the layer has.
	unknown bool
}

// keyOf is the key of a layer in reader.layers.
func keyOf(ref workspace.LayerRef) string {
	return strings.Join([]string{ref.Project, ref.Env, ref.Tree, ref.Origin, ref.Hash, ref.Place.ID()}, "\x00")
}

// layerOf makes a layer of a standing.
func (r *reader) layerOf(ref workspace.LayerRef, s workspace.Standing) *lower {
	return &lower{
		ref: ref, restOn: s.Below, unknown: !r.known(s),
		layer: steps.NewLayer(r.ws.BuildOf(ref).String(), s, s.Changed),
	}
}

// readLower reads a layer that a build rests on.
func (r *reader) readLower(ref workspace.LayerRef) *lower {
	b := r.ws.BuildOf(ref)
	l := &lower{ref: ref, layer: &layer.Layer{Name: b.String()}}
	if ref.Origin == "" { // otherwise its commit has no directory
		switch there, err := r.ws.Hash(ref.Short); {
		case there != "" && there != ref.Hash, !b.Exists():
			l.gone = "it is gone"
			return l
		case there == "" || err != nil, // the file is damaged, and this may be another commit
			ref.Adopted: // another tool made it, and no ledger tells of it
			l.unknown = true
			return l
		}
	}
	s, err := r.ws.Standing(b, ref.Place)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		l.gone = "it is gone"
	case err != nil:
		l.gone, l.unknown = err.Error(), true
	default:
		l = r.layerOf(ref, s)
	}
	return l
}

// below completes what the builds rest on. Each layer is read once.
func (r *reader) below(builds []Build) {
	var level []*lower
	for i := range builds {
		for _, p := range builds[i].Places {
			l := r.layerOf(builds[i].Ref(p.Place), p.standing)
			r.layers[keyOf(l.ref)] = l
			level = append(level, l)
		}
	}
	for len(level) > 0 {
		var refs []workspace.LayerRef
		for _, l := range level {
			if l.restOn != nil && r.layers[keyOf(*l.restOn)] == nil {
				r.layers[keyOf(*l.restOn)] = &lower{} // it is being read
				refs = append(refs, *l.restOn)
			}
		}
		level = make([]*lower, len(refs))
		workspace.Parallel(len(refs), func(i int) { level[i] = r.readLower(refs[i]) })
		for _, l := range level {
			r.layers[keyOf(l.ref)] = l
		}
	}
	for _, l := range r.layers {
		if l.restOn != nil {
			l.layer.Below = r.layers[keyOf(*l.restOn)].layer
		}
	}
	workspace.Parallel(len(builds), func(i int) {
		for _, p := range builds[i].Places {
			if p.Below == nil {
				continue
			}
			p.Below.Gone = r.layers[keyOf(p.Below.LayerRef)].gone
			if p.Below.Gone == "" {
				p.Below.Nodes = r.through(r.layers[keyOf(builds[i].Ref(p.Place))])
			}
		}
	})
}

// through counts the nodes that can be read through a layer from those below it, nil if that isn't known.
func (r *reader) through(top *lower) *int {
	ids, seen := map[string]bool{}, map[*lower]bool{}
	for at := top; !seen[at]; at = r.layers[keyOf(*at.restOn)] {
		if at.unknown {
			return nil
		}
		seen[at] = true
		for id := range at.layer.Nodes {
			ids[id] = true
		}
		if at.restOn == nil {
			break
		}
	}
	n := 0
	for id := range ids {
		if top.layer.Resolve(id).Kind == layer.Below {
			n++
		}
	}
	return &n
}

// resting adds to builds those that rest on them; all are those of the workspace.
func (r *reader) resting(builds []Build, all []workspace.Found) {
	refs := make([][]workspace.LayerRef, len(all))
	workspace.Parallel(len(all), func(i int) { refs[i], _ = r.ws.Below(all[i].Build) })
	type rests struct {
		on string // a build's hash
		b  workspace.Build
	}
	byID := map[string][]rests{}
	for i, below := range refs {
		for _, ref := range below {
			id, one := r.ws.BuildOf(ref).ID(), rests{ref.Hash, all[i].Build}
			if !slices.Contains(byID[id], one) { // as in two places
				byID[id] = append(byID[id], one)
			}
		}
	}
	for i := range builds {
		b := &builds[i]
		for _, one := range byID[b.ID()] {
			if b.Commit.Hash == "" || one.on == b.Commit.Hash {
				b.Resting = append(b.Resting, one.b)
			}
		}
	}
}

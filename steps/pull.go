package steps

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"dot-for-dbt/config"
	"dot-for-dbt/graph"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/store"
	"dot-for-dbt/internal/text"
	"dot-for-dbt/internal/workspace"
	"dot-for-dbt/spec"
)

// Builds in the team's store: another machine has built them, and the warehouse has their relations. While
// dot plans, it copies and checks their layers. A step takes them over into the workspace.

// offered is a build in the store, with the layers that aren't here yet.
type offered struct {
	store.Offer
	in     string // names the store
	layers []received
	force  bool // also over newer ones
}

// A received layer has the places of this machine.
type received struct {
	workspace.Shared
	files map[string]string
}

// pulledKey identifies a layer.
func pulledKey(b workspace.Build, p workspace.Place) string { return b.ID() + " " + p.ID() }

// isPulled reports whether other machines have built all that is known of a build.
func (ls *layers) isPulled(b workspace.Build) bool {
	standings, errs := ls.ws.Standings(b)
	return len(errs) == 0 && len(standings) > 0 && !slices.ContainsFunc(standings, func(s workspace.Standing) bool {
		return s.Layer == nil || s.Run.From == ""
	})
}

// LeavePulled removes the steps that build what another machine has built: it isn't missing, and the schema is
// that machine's to write to.
func (p *Program) LeavePulled() error {
	leave := map[string]bool{}
	for _, b := range p.Builds {
		build := b.job.build
		if build == nil {
			continue
		}
		if s, err := p.runtime.standingOf(build.Build, build.place); err == nil && s.Layer != nil && s.Run.From != "" {
			leave[b.Step], leave["check "+build.String()] = true, true
		}
	}
	if len(leave) == 0 {
		return nil
	}
	for _, b := range p.all() {
		b.steps = slices.DeleteFunc(b.steps, func(name string) bool { return leave[name] })
	}
	var err error
	p.Graph, err = graph.New(slices.DeleteFunc(p.Graph.Steps(), func(s *graph.Step) bool { return leave[s.Name] })...)
	return err
}

// layerOf returns a build's layer, which may still be in the store.
func (ls *layers) layerOf(b workspace.Build, p workspace.Place) (*workspace.Layer, error) {
	if s, ok := ls.pulled[pulledKey(b, p)]; ok {
		return s.Layer, nil
	}
	return ls.ws.Layer(b, p)
}

// storeOf returns the store of an environment, nil if there is none.
func (p *planner) storeOf(env config.Environment) (*store.Store, error) {
	if p.req.From != nil {
		return p.req.From, nil
	}
	variable, _ := p.world.Getenv(store.Variable)
	what, url := "dot: store of environment "+env.Name, env.Dot.Store
	switch {
	case p.req.Store != "":
		what, url = "--store", p.req.Store
	case variable != "":
		what, url = store.Variable, variable
	}
	if url == "" || p.stores[url] != nil {
		return p.stores[url], nil
	}
	s, err := store.Open(p.world.Getenv, what, url)
	if err != nil {
		return nil, err
	}
	p.stores[url] = s
	return s, nil
}

// noStore is the error without a store.
func noStore(env string) error {
	return hint.New("no store is named",
		fmt.Sprintf("in dot_environments.yml: environment: {%s: {dot: {store: file:///srv/dot}}}", env), "or --store file:///srv/dot, or the environment variable "+store.Variable)
}

// pullJob looks in the store for a job's build, if the request says so.
func (p *planner) pullJob(ctx context.Context, job *job, jobs []*job) error {
	if job.build == nil {
		return nil
	}
	if p.req.Pushes {
		var err error
		job.store, err = p.storeOf(job.env)
		return err
	}
	if !p.req.Pulls && !p.req.Pull {
		return nil
	}
	b, err := p.pull(ctx, job.spec, job.build, job.given, jobs)
	if err != nil {
		return err
	}
	job.build = b
	return nil
}

// pull looks in the store for a build that wasn't built here, and copies its layers. It returns the build,
// whose abbreviated hash is that of the store. jobs are the builds of the invocation.
func (p *planner) pull(ctx context.Context, s spec.Spec, b *build, given arguments, jobs []*job) (*build, error) {
	if b.Tree != "" || b.isDraft() || b.variant != nil {
		if p.req.Pull {
			return nil, hint.New(fmt.Sprintf("%s is a build of a working tree, or of an upgrade check, and stays on its machine", b), "name a commit: "+b.Env+"@HEAD")
		}
		return b, nil
	}
	here, err := p.standingOf(b.Build, b.place)
	switch {
	case err != nil && !errors.Is(err, errNeverBuilt):
		here = standing{}
		if !p.req.Pull {
			return b, nil // whoever reads it says so
		}
	case err == nil && (here.Layer == nil || here.Run.From == "") && !p.req.Pull:
		return b, nil // it was built here
	}
	in, err := p.storeOf(b.env)
	if err != nil {
		return nil, err
	}
	if in == nil {
		if p.req.Pull {
			return nil, noStore(b.Env)
		}
		return b, nil
	}
	found, err := p.fromStore(ctx, s, b, given, in, here, jobs)
	if err == nil || here.Layer == nil || p.req.Pull || ctx.Err() != nil {
		return found, err
	}
	p.program.warn(fmt.Sprintf("%v: what was pulled of %s is used, which was built %s", err, b, p.ago(here.Run.Time)))
	return b, nil
}

// fromStore returns a build with what a store has of it. here is its standing in the workspace, zero for none.
func (p *planner) fromStore(ctx context.Context, s spec.Spec, b *build, given arguments, in *store.Store, here standing, jobs []*job) (*build, error) {
	offers, err := in.Find(ctx, b.project.Name, b.Env, b.commit.Hash)
	if err != nil {
		return nil, err
	}
	found, offer, err := p.choose(ctx, s, b, given, in, offers)
	if err != nil {
		return nil, err
	}
	if found == nil {
		return p.notOffered(b, in)
	}
	if found, err = p.take(ctx, found, offer, in, here, jobs); err != nil {
		return nil, err
	}
	return p.renew(ctx, found, offer, in, jobs)
}

// notOffered returns a build that the store doesn't have.
func (p *planner) notOffered(b *build, in *store.Store) (*build, error) {
	if p.req.Pull {
		return nil, hint.New(fmt.Sprintf("%s has no build of %s", in, b), "push it from where it was built: "+text.ShellQuote([]string{"dot", "push", b.Env + "@" + b.Commit.Short}))
	}
	out := *b
	out.sought = in.String()
	return &out, nil
}

// choose returns the offer whose relations lie where the profile leads, and its build. There may be none.
func (p *planner) choose(ctx context.Context, s spec.Spec, b *build, given arguments, in *store.Store, offers []store.Offer) (*build, store.Offer, error) {
	if len(offers) == 0 {
		return nil, store.Offer{}, nil
	}
	var here *build
	for _, o := range offers {
		if o.Build.Project != p.prefix || o.Build.Origin != "" {
			return nil, o, hint.New(fmt.Sprintf("%s has %s of a project %s in %s of its repository, and here it is in %s",
				in, o.Name(), o.Project, cmp.Or(o.Build.Project, "the top directory"), cmp.Or(p.prefix, "the top directory")),
				"give each repository a store of its own")
		}
		p.shorts[b.commit.Hash] = o.Build.Short
		found, err := p.resolveBuild(ctx, s, b.commit, given, nil)
		if err != nil {
			return nil, o, err
		}
		if found.place.Portable() == o.Build.Place {
			return found, o, nil
		}
		here = found
	}
	delete(p.shorts, b.commit.Hash)
	o := offers[0]
	hints := []string{"name the target that leads there, or push what was built here: " + text.ShellQuote([]string{"dot", "push", s.String()})}
	if here.Commit.Short != o.Build.Short {
		hints = append([]string{fmt.Sprintf("the abbreviated hash is %s there, and %s here: give it one length, in dot_environments.yml: all: {dot: {short: %d}}",
			o.Build.Short, here.Commit.Short, len(o.Build.Short))}, hints...)
	}
	there := o.Build.Place.Where()
	if there == here.place.Portable().Where() { // only their directories differ, of which a store has digests
		there += ", in another directory"
		hints = append([]string{"give the file one path on all machines"}, hints...)
	}
	return nil, o, hint.New(fmt.Sprintf("%s in %s lies in another place: %s, and the output %s leads to %s",
		o.Name(), in, there, here.output.Name, here.place.Where()), hints...)
}

// take copies the layers of an offer, and checks them. here is the standing of the build in the workspace,
// zero for none.
func (p *planner) take(ctx context.Context, b *build, o store.Offer, in *store.Store, here standing, jobs []*job) (*build, error) {
	for _, job := range jobs {
		if other := job.build; other != nil && other.commit.Hash == b.commit.Hash && other.Commit.Short != b.Commit.Short {
			return nil, hint.New(fmt.Sprintf("%s has the abbreviated hash %s in %s, and %s here", b.Env, b.Commit.Short, in, other.Commit.Short),
				fmt.Sprintf("give it one length, in dot_environments.yml: all: {dot: {short: %d}}", len(b.Commit.Short)))
		}
	}
	if here.Layer != nil {
		switch {
		case here.Run.From == o.Digest(), here.Run.ID == o.Run.ID:
			return b, nil
		case here.Run.Time.After(o.Run.Time) && p.req.Force:
		case here.Run.Time.After(o.Run.Time) && p.req.Pull:
			return nil, hint.New(fmt.Sprintf("%s has an older run of %s: of %s, and the one here is of %s", in, b, p.ago(o.Run.Time), p.ago(here.Run.Time)),
				"push the newer one: "+text.ShellQuote([]string{"dot", "push", b.String()}), "or replace it: --force")
		case here.Run.Time.After(o.Run.Time):
			return b, nil
		}
	}
	dir, err := p.temporary()
	if err != nil {
		return nil, err
	}
	layers, err := in.Fetch(ctx, o, dir)
	if err != nil {
		return nil, err
	}
	out := *b
	out.offered = &offered{Offer: o, in: in.String(), force: p.req.Force}
	for i, l := range layers {
		if err := p.offer(&out, l, o.Layers[i], in, jobs); err != nil {
			return nil, err
		}
	}
	return &out, nil
}

// renew looks for newer runs of the layers below a build that other machines have built: they may have been
// pushed again without it.
func (p *planner) renew(ctx context.Context, b *build, top store.Offer, in *store.Store, jobs []*job) (*build, error) {
	var below []*workspace.Layer
	var refs []workspace.LayerRef
	for _, ref := range p.chain(b) {
		l, err := p.layerOf(p.ws.BuildOf(ref), ref.Place)
		if err == nil && l.Run.From != "" && ref.Origin == "" {
			below, refs = append(below, l), append(refs, ref)
		}
	}
	offers, errs := make([][]store.Offer, len(refs)), make([]error, len(refs))
	workspace.Parallel(len(refs), func(i int) {
		offers[i], errs[i] = in.Find(ctx, b.project.Name, refs[i].Env, refs[i].Hash)
	})
	out := *b
	for i, ref := range refs {
		if errs[i] != nil {
			return nil, errs[i]
		}
		portable := ref
		portable.Place = ref.Place.Portable()
		for _, o := range offers[i] {
			if o.Build != portable || o.Digest() == below[i].Run.From || !o.Run.Time.After(below[i].Run.Time) {
				continue
			}
			if out.offered == nil {
				out.offered = &offered{Offer: top, in: in.String(), force: p.req.Force}
			} else if b.offered == out.offered {
				copied := *b.offered
				copied.layers = slices.Clone(b.offered.layers)
				out.offered = &copied
			}
			if err := p.takeTop(ctx, &out, o, in, jobs); err != nil {
				return nil, err
			}
		}
	}
	return &out, nil
}

// takeTop adds the newest layer of another build to those that a build takes over.
func (p *planner) takeTop(ctx context.Context, b *build, o store.Offer, in *store.Store, jobs []*job) error {
	dir, err := p.temporary()
	if err != nil {
		return err
	}
	layers, err := in.Fetch(ctx, o, dir)
	if err != nil {
		return err
	}
	return p.offer(b, layers[0], o.Layers[0], in, jobs)
}

// offer adds a layer to those that a build takes over.
func (p *planner) offer(b *build, l store.Layer, object store.Object, in *store.Store, jobs []*job) error {
	at, err := p.located(b, l)
	if err != nil {
		return fmt.Errorf("%s in %s: %w", l.Ref.ID(), in, err)
	}
	at.Layer.Run.From = object.SHA256
	of := p.ws.BuildOf(at.Ref)
	if of.ID() != b.ID() {
		if was, err := p.layerOf(of, at.Layer.Place); err == nil && !was.Run.Time.Before(at.Layer.Run.Time) {
			return nil // what is here is as new
		}
		if name := p.writes(of, jobs); name != "" {
			return hint.New(fmt.Sprintf("%s in %s rests on %s, which this command builds: what it reads would not be known", b, in, name),
				"build one after the other: first "+text.ShellQuote([]string{"dot", p.req.Command.Name, name}))
		}
	}
	b.offered.layers = slices.DeleteFunc(b.offered.layers, func(had received) bool { return had.Ref == at.Ref })
	b.offered.layers = append(b.offered.layers, received{at, l.Files})
	p.pulled[pulledKey(of, at.Layer.Place)] = standing{Standing: p.ws.Expect(at), build: of, state: filepath.Dir(l.Files[store.Manifest])}
	return nil
}

// writes returns the name of a build that one of the jobs writes, "" if none does.
func (p *planner) writes(of workspace.Build, jobs []*job) string {
	if p.req.Pulls || p.req.Pull || !p.req.Command.WritesNodes() {
		return "" // a comparison doesn't build what is in the store
	}
	for _, job := range jobs {
		if job.build != nil && job.build.ID() == of.ID() {
			return job.name()
		}
	}
	return ""
}

// located returns a layer with the places of this machine. It is an error if the layer doesn't fit here. The
// text follows the layer's name.
func (p *planner) located(b *build, l store.Layer) (workspace.Shared, error) {
	at, ok := l.At(b.place)
	switch {
	case l.Project != b.project.Name || l.Ref.Project != p.prefix:
		return at, hint.New(fmt.Sprintf("it is of another project: %s, not %s", l.Project, b.project.Name), "give each project a store of its own")
	case !ok:
		return at, hint.New("it lies in another database: "+l.Ref.Place.Where(), "push a build that rests on no other database")
	}
	head, err := readManifest(l.Files[store.Manifest], nil)
	switch {
	case err != nil:
		return at, fmt.Errorf("its manifest.json can't be read: %w", err)
	case head.Project != "" && head.Project != b.project.Name:
		return at, fmt.Errorf("its manifest.json is of another project: %s, not %s", head.Project, b.project.Name)
	case head.Adapter != "" && head.Adapter != at.Layer.Place.Adapter:
		return at, fmt.Errorf("its manifest.json is of the adapter %s, and not of %s", head.Adapter, at.Layer.Place.Adapter)
	}
	if at.Ref.Origin != "" {
		return at, nil
	}
	dir, err := p.commits.Commit(at.Ref.Hash, at.Ref.Short, false)
	if err == nil && dir.Short != at.Ref.Short {
		err = hint.New(fmt.Sprintf("its commit has the abbreviated hash %s here", dir.Short),
			fmt.Sprintf("give it one length, in dot_environments.yml: all: {dot: {short: %d}}", len(at.Ref.Short)))
	}
	return at, err
}

// says describes the offer.
func (o *offered) says(h *home) string {
	return fmt.Sprintf("in %s: built %s, %d of %d nodes ok", o.in, h.ago(o.Run.Time), o.Written, o.Nodes)
}

// receiveStep takes the layers of a build in the store over into the workspace.
func (h *home) receiveStep(name, kind string, b *build) *graph.Step {
	o := b.offered
	step := &graph.Step{
		Name: name, Kind: kind, Version: 1,
		Missing: func(context.Context, graph.Record) string {
			for _, l := range o.layers {
				if was, err := h.ws.Layer(h.ws.BuildOf(l.Ref), l.Layer.Place); err != nil || was.Run.From != l.Layer.Run.From {
					return o.says(h)
				}
			}
			return ""
		},
		Summary: func(graph.Record) string { return "pulled; " + o.says(h) },
		Action:  receive{h.ws, o},
		Pools:   []string{pullPool}, // builds of an invocation may have layers in common
	}
	for _, l := range o.layers {
		of := h.ws.BuildOf(l.Ref)
		step.Locks = withLocks(step.Locks, BuildLock(of), lockOfPlace(l.Layer.Place))
		if of.Origin == "" {
			step.Locks = withLocks(step.Locks, CommitLock(of.Commit))
		}
	}
	return step
}

type receive struct {
	ws *workspace.Workspace
	*offered
}

func (receive) Describe(graph.Planned) []string { return nil }

func (a receive) Run(context.Context, *graph.Attempt) (any, error) {
	for _, l := range slices.Backward(a.layers) {
		of := a.ws.BuildOf(l.Ref)
		was, err := a.ws.Layer(of, l.Layer.Place)
		switch {
		case err == nil && was.Run.Time.After(l.Layer.Run.Time) && !a.force:
			continue // another dot has built it meanwhile
		case err != nil && !errors.Is(err, fs.ErrNotExist) && errors.As(err, new(*fs.PathError)): // a damaged one is replaced
			return nil, err
		}
		if err := a.ws.Receive(l.Shared, l.files, a.force); err != nil {
			return nil, fmt.Errorf("take over %s of %s: %w", l.Ref.ID(), a.in, err)
		}
	}
	return nil, nil
}

// A Pulled is a build of a request to pull.
type Pulled struct {
	// Step is the name of the step that takes it over, "" if it is here already.
	Step string
	// Says describes the build.
	Says string
}

// Pulled returns what the program pulls.
func (p *Program) Pulled() []Pulled {
	var all []Pulled
	for _, b := range p.Builds {
		build := b.job.build
		if build.offered == nil {
			all = append(all, Pulled{"", b.Name + ": it is here already"})
			continue
		}
		o := build.offered
		says := fmt.Sprintf("%s, built %s: %d of %d nodes, %s, from %s", b.Name, p.runtime.ago(o.Run.Time), o.Written, o.Nodes, text.Plural(len(o.Offer.Layers), "layer"), o.in)
		all = append(all, Pulled{pullStep(build), says})
	}
	return all
}

// pullStep names the step that takes a build over from the store.
func pullStep(b *build) string { return "pull " + b.String() }

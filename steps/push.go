package steps

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/dustin/go-humanize"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/store"
	"dot-for-dbt/internal/text"
	"dot-for-dbt/internal/workspace"
)

// Builds for the team's store: a build's layer and those below it, without what only this machine has.

// A Push puts a build into a store, or into a file.
type Push struct {
	Build *Built
	// To names the store or the file.
	To string
	// Did says what the step did, once it has.
	Did store.Pushed

	step string
}

// Step is the name of the step.
func (p *Push) Step() string { return p.step }

// Pushes adds a step to the program for each build, which puts it into the store of its environment. by is
// the version of dot.
func (p *Program) Pushes(by string, force bool) ([]*Push, error) {
	var all []*Push
	for _, b := range p.Builds {
		in := b.job.store
		if in == nil {
			return nil, noStore(b.Environment())
		}
		push := &Push{Build: b, To: in.String()}
		err := p.share(push, "push", func(ctx context.Context, o store.Offer, layers []store.Layer, scratch string) (err error) {
			o.By = by
			if push.Did, err = in.Push(ctx, o, layers, force, scratch); err == nil {
				return nil
			}
			switch {
			case errors.Is(err, store.ErrBeaten):
				return hint.New(fmt.Sprintf("%s was not pushed: another push of it was faster", b.Name), "compare the two: dot pull "+b.Specs[0]+", or push again")
			case errors.Is(err, store.ErrNewer):
				return hint.New(fmt.Sprintf("%s was not pushed: %s has a newer run of it, of %s; this one is of %s", b.Name, in, b.runtime.ago(push.Did.Offer.Run.Time), b.runtime.ago(o.Run.Time)),
					"take that one over: "+text.ShellQuote([]string{"dot", "pull", b.Specs[0]}), "or replace it: --force")
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		all = append(all, push)
	}
	return all, nil
}

// Export adds a step to the program, which has one build, that writes the build into a file.
func (p *Program) Export(by, file string) (*Push, error) {
	push := &Push{Build: p.Builds[0], To: file}
	return push, p.share(push, "export", func(ctx context.Context, o store.Offer, layers []store.Layer, scratch string) error {
		o.By = by
		push.Did.Offer, push.Did.New = o, len(layers)
		if err := store.Export(ctx, file, o, layers, scratch); err != nil {
			return err
		}
		info, err := os.Stat(file)
		if err == nil {
			push.Did.Bytes = info.Size()
		}
		return err
	})
}

// share adds a step that shares a build.
func (p *Program) share(push *Push, kind string, do func(context.Context, store.Offer, []store.Layer, string) error) error {
	b := push.Build
	build := b.job.build
	if _, err := b.runtime.standing(build, b.job.spec, "share"); err != nil {
		return err
	}
	push.step = kind + " " + b.Name
	shared := func(l graph.Lock) graph.Lock { l.Shared = true; return l }
	step := &graph.Step{
		Name: push.step, Kind: kind, Version: 1, Always: "asked for",
		Detail: func(graph.Record) string { return "to " + push.To },
		Locks:  []graph.Lock{shared(build.buildLock()), shared(build.placeLock())},
		Action: &sharing{b.runtime.layers, build, do},
	}
	step.Locks = withLocks(step.Locks, b.runtime.lowerLocks(build)...)
	return p.Add(step)
}

type sharing struct {
	*layers
	build *build
	do    func(context.Context, store.Offer, []store.Layer, string) error
}

func (*sharing) Describe(graph.Planned) []string { return nil }

func (a *sharing) Run(ctx context.Context, _ *graph.Attempt) (_ any, err error) {
	scratch, err := os.MkdirTemp("", temporaryPush)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(scratch)) }()
	offer, layers, err := a.sharedLayers(a.build, scratch)
	if err != nil {
		return nil, err
	}
	return nil, a.do(ctx, offer, layers, scratch)
}

// sharedLayers returns a build's layer and those below it, from the top, with files in a directory.
func (ls *layers) sharedLayers(b *build, scratch string) (o store.Offer, all []store.Layer, err error) {
	at, place := b.Build, b.place
	for {
		if slices.ContainsFunc(all, func(l store.Layer) bool { return l.Ref.ID() == at.ID() && l.Ref.Place == place.Portable() }) {
			return o, nil, hint.New(fmt.Sprintf("%s rests on itself: it can't be shared", at), buildIt(b.Build.String(), "--force"))
		}
		dir := filepath.Join(scratch, fmt.Sprint("layer", len(all)))
		if err := os.Mkdir(dir, 0o700); err != nil {
			return o, nil, err
		}
		l, below, err := ls.sharedLayer(b, at, place, dir)
		if err != nil {
			return o, nil, err
		}
		all = append(all, l)
		if below == nil {
			break
		}
		at, place = ls.ws.BuildOf(*below), below.Place
	}
	top := all[0]
	o = store.Offer{Project: top.Project, Build: top.Ref, Run: top.Layer.Run, Pushed: ls.world.Now().UTC().Truncate(time.Second), Nodes: max(top.Layer.Run.Nodes, len(top.Entries))}
	for _, e := range top.Entries {
		if e.Status == workspace.Written {
			o.Written++
		}
	}
	if results, err := readResults(filepath.Dir(top.Files[store.Manifest])); err == nil {
		o.DBT = results.Metadata.DBTVersion
	}
	return o, all, nil
}

// sharedLayer returns one layer, of those that a build of project b consists of.
func (ls *layers) sharedLayer(b *build, of workspace.Build, place workspace.Place, dir string) (l store.Layer, below *workspace.LayerRef, err error) {
	what := of.String()
	if of.ID() != b.ID() {
		what = fmt.Sprintf("%s rests on %s, which", b, of)
	}
	own, err := ls.ws.Layer(of, place)
	switch {
	case errors.Is(err, fs.ErrNotExist) && of.Ran(), errors.Is(err, fs.ErrNotExist) && of.Origin != "", err == nil && own.Run.Manifest == 0:
		return l, nil, hint.New(what+" is gone, or dot kept too little of it", buildIt(b.Build.String()))
	case errors.Is(err, fs.ErrNotExist):
		return l, nil, hint.New(what+" was made by another tool, or is gone", "build it with dot: "+text.ShellQuote([]string{"dot", "build", of.String()}))
	case err != nil:
		return l, nil, err
	}
	shared, err := ls.ws.Share(of, place)
	if errors.Is(err, workspace.ErrUnshareable) {
		hints := []string{buildIt(b.Build.String())}
		if of.Tree != "" {
			hints = []string{"commit the files, and build the commit"}
		}
		return l, nil, hint.New(what+" "+err.Error(), hints...)
	}
	if err != nil {
		return l, nil, err
	}
	state := of.State(place)
	if why := stateProblem(state, workspace.Standing{Layer: own}); why != "" {
		return l, nil, hint.New(fmt.Sprintf("%s can't be shared: %s", of, why), buildIt(of.String(), "--force"))
	}
	l = store.Layer{Project: b.project.Name, Shared: shared, Files: map[string]string{}}
	write := func(name string, change func([]byte) ([]byte, error)) error {
		data, err := os.ReadFile(filepath.Join(state, name))
		if errors.Is(err, fs.ErrNotExist) && name != store.Manifest {
			return nil
		}
		if err == nil {
			data, err = change(data)
		}
		if err != nil {
			return fmt.Errorf("the %s of %s: %w", name, of, err)
		}
		if name == store.Manifest {
			l.Layer.Run.Manifest = int64(len(data))
		}
		l.Files[name] = filepath.Join(dir, name)
		return os.WriteFile(l.Files[name], data, 0o600)
	}
	if err := write(store.Manifest, func(data []byte) ([]byte, error) { return ls.withoutPaths(data), nil }); err != nil {
		return l, nil, err
	}
	if err := write(store.RunResults, artifact.WithoutData); err != nil {
		return l, nil, err
	}
	if err := write(store.Packages, func(data []byte) ([]byte, error) { return data, nil }); err != nil {
		return l, nil, err
	}
	head, err := readManifest(l.Files[store.Manifest], nil)
	if err == nil && head.Project != "" && head.Project != l.Project {
		err = fmt.Errorf("it is of another project: %s, not %s", head.Project, l.Project)
	}
	if err != nil {
		return l, nil, fmt.Errorf("the manifest.json of %s: %w", of, err)
	}
	return l, own.Below, nil
}

// withoutPaths returns JSON in which paths of the repository are relative to its directory. dbt's manifest
// has paths of the worktree and of the target path.
func (ls *layers) withoutPaths(data []byte) []byte {
	seen := map[string]bool{}
	for _, root := range []string{ls.repo.Root, ls.repo.Top} {
		forms := []string{root}
		if real, err := filepath.EvalSymlinks(root); err == nil {
			forms = append(forms, real)
		}
		for _, form := range forms {
			for _, written := range inJSON(form) {
				if written == "" || seen[written] {
					continue
				}
				seen[written] = true
				data = relative(data, written)
			}
		}
	}
	return data
}

// inJSON returns the ways in which a text is written in JSON: Python escapes what isn't ASCII.
func inJSON(s string) []string {
	plain := text.JSON(s)
	plain = plain[1 : len(plain)-1] // without the quotes around it
	var ascii strings.Builder
	for _, r := range plain {
		switch {
		case r < 0x80:
			ascii.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&ascii, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&ascii, `\u%04x`, r)
		}
	}
	return []string{plain, ascii.String()}
}

// relative makes paths below a directory relative to it; the directory itself becomes a dot. Text in which
// the directory's path is only a part of another path stays.
func relative(data []byte, dir string) []byte {
	var out []byte
	rest := data
	for {
		i := bytes.Index(rest, []byte(dir))
		if i < 0 {
			if out == nil {
				return data
			}
			return append(out, rest...)
		}
		end := i + len(dir)
		starts := i == 0 || !inPath(rest[i-1])
		var next byte
		if end < len(rest) {
			next = rest[end]
		}
		switch {
		case starts && next == '/':
			out, end = append(out, rest[:i]...), end+1
		case starts && next == '\\' && end+1 < len(rest) && rest[end+1] == '\\':
			out, end = append(out, rest[:i]...), end+2
		case starts && !inPath(next):
			out = append(append(out, rest[:i]...), '.')
		default:
			out = append(out, rest[:end]...)
		}
		rest = rest[end:]
	}
}

// inPath reports whether a byte may be inside of a path.
func inPath(c byte) bool {
	return c == '/' || c == '\\' || c == '.' || c == '-' || c == '_' || c >= 0x80 ||
		'0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// Says says what the step did.
func (p *Push) Says() string {
	d := p.Did
	if d.Same {
		return fmt.Sprintf("%s has it, pushed %s", p.To, p.Build.runtime.ago(d.Offer.Pushed))
	}
	out := fmt.Sprintf("%d of %d nodes, %s", d.Offer.Written, d.Offer.Nodes, text.Plural(len(d.Offer.Layers), "layer"))
	if len(d.Offer.Layers) == 0 { // of a file
		out = fmt.Sprintf("%d of %d nodes, %s", d.Offer.Written, d.Offer.Nodes, text.Plural(d.New, "layer"))
	} else if d.New < len(d.Offer.Layers) {
		out += fmt.Sprintf(" (%d new)", d.New)
	}
	return fmt.Sprintf("%s, %s, to %s", out, humanize.Bytes(uint64(d.Bytes)), p.To) //nolint:gosec // a size
}

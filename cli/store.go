package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/dustin/go-humanize"

	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/store"
	"dot-for-dbt/internal/text"
	"dot-for-dbt/internal/ui"
	"dot-for-dbt/lifecycle"
	"dot-for-dbt/spec"
)

// statusOfStore lists the builds in the team's store: a line for each, or all of them as JSON.
func (a *app) statusOfStore(ctx context.Context, line *commandLine, specs []spec.Spec, all, asJSON bool) error {
	builds, missing, err := lifecycle.ReadStore(ctx, a.world(), line.Store, specs)
	if err != nil {
		return err
	}
	for _, s := range missing {
		a.say.Note("no build of " + s + " in the store")
	}
	if asJSON {
		return a.printJSON(newJSONStored(builds, missing))
	}
	more := 0
	if !all && len(builds) > statusLimit {
		more, builds = len(builds)-statusLimit, builds[:statusLimit]
	}
	if len(builds) == 0 && len(missing) == 0 {
		a.say.Note("no builds yet: dot push prod@main puts one there")
		return nil
	}
	if len(builds) > 0 {
		a.storeTable(builds)
	}
	if more > 0 {
		a.say.Note(text.Plural(more, "more build") + ": dot status --in-store --all")
	}
	return nil
}

// refuseLoneStore refuses --store without --in-store. The command would look at .dot only.
func refuseLoneStore(line *commandLine) error {
	if line.Store == "" {
		return nil
	}
	return hint.New("--store names a store, and without --in-store this command looks at the builds in .dot only", "add --in-store")
}

func (a *app) storeTable(builds []lifecycle.Stored) {
	out := ui.NewPrinter(a.Stdout, a.color, a.getenv)
	rows := [][]string{{"build", "pushed", "built", "nodes", "layers", "size", "commit"}}
	for i := range builds {
		b := &builds[i]
		commit := b.Git.Subject
		switch refs := shownRefs(b.Git.Refs); {
		case b.InGit != lifecycle.InGit:
			commit = "[not in this clone]"
		case len(refs) > 0:
			commit = fmt.Sprintf("%v %s", refs, commit)
		}
		rows = append(rows, []string{
			b.Name(), age(b.Pushed, a.Now()), age(b.Run.Time, a.Now()), fmt.Sprintf("%d of %d", b.Written, b.Nodes),
			strconv.Itoa(len(b.Layers)), humanize.IBytes(uint64(b.Size())), commit, //nolint:gosec // a size
		})
	}
	inline(rows)
	width := cmp.Or(ui.LineWidth(a.Process.Stdout), 100)
	for _, line := range ui.Columns(rows, faintHead(out)) {
		out.Line(ui.Cut(line, width))
	}
}

// pruneStore drops builds from the team's store, by rule. The schemas and what clones know of them stay.
func (a *app) pruneStore(ctx context.Context, line *commandLine, req lifecycle.PruneRequest) error {
	goes, err := req.Prunable(ctx, a.world(), line.Store)
	if err != nil {
		return err
	}
	if len(goes) == 0 {
		a.say.Line("nothing to prune")
		return nil
	}
	for _, b := range goes {
		a.say.Line(fmt.Sprintf("%s in %s: %s", text.Visible(b.Name()), b.In, b.Why))
	}
	if line.DryRun {
		return nil
	}
	if !line.Yes {
		if !a.mayAsk(line.flags) {
			return hint.Add(errors.New("dropping needs a confirmation, and dot can't ask"), "--yes drops it")
		}
		if err := a.agree(ctx, "drop "+text.Plural(len(goes), "build")+" from the store, for everybody?", "nothing was dropped"); err != nil {
			return err
		}
	}
	var stores []*store.Store
	for _, b := range goes {
		if err := b.In.Drop(ctx, b.Offer); err != nil {
			return err
		}
		a.say.Line(fmt.Sprintf("%s %s from %s", a.say.Paint(ui.Good, "dropped"), text.Visible(b.Name()), b.In))
		if !slices.Contains(stores, b.In) {
			stores = append(stores, b.In)
		}
	}
	for _, in := range stores {
		done, err := in.Sweep(ctx, a.Now())
		if err != nil {
			return err
		}
		if done.Layers > 0 {
			a.say.Line(fmt.Sprintf("removed %s that no build needs any more, %s, from %s", text.Plural(done.Layers, "layer"), humanize.IBytes(uint64(done.Bytes)), in)) //nolint:gosec // a size
		}
	}
	return nil
}

package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/text"
	"dot-for-dbt/internal/ui"
	"dot-for-dbt/lifecycle"
)

// statusCommand lists the builds in .dot.
type statusCommand struct {
	Spec    []string `arg:"" optional:"" name:"env@ref" help:"Builds of this project: env@ref, a range, or env for all builds of an environment. Default: all builds of the repository."`
	All     bool     `help:"List all builds, not only the 25 that were used last."`
	Size    bool     `help:"Show the size on disk. Looks at all files of the builds, which may take long."`
	Check   bool     `help:"Ask the warehouse for the builds' schemas and relations, and for schemas that have a mark of this project and no build here."`
	InStore bool     `help:"List the builds in the team's store instead."`
	Format  string   `enum:"text,json" default:"text" placeholder:"FORM" help:"text or json (docs/status-json.md), which has all builds."`
	JSON    bool     `name:"json" help:"The same as --format json."`
}

// statusLimit is the number of builds that dot status lists without --all.
const statusLimit = 25

func (c *statusCommand) run(ctx context.Context, a *app, line *commandLine) error {
	specs, err := a.specs(c.Spec, line.Specs)
	if err != nil {
		return err
	}
	asJSON := c.JSON || c.Format == "json"
	if c.InStore {
		if c.Check || c.Size {
			return hint.New("--in-store lists the builds of a store: it can't be combined with --check or --size", "leave them out")
		}
		return a.statusOfStore(ctx, line, specs, c.All, asJSON)
	}
	if err := refuseLoneStore(line); err != nil {
		return err
	}
	req := lifecycle.Request{Specs: specs, Limit: statusLimit, Folded: !c.All && !asJSON && !a.verbose, Resting: asJSON || a.verbose, Size: c.Size}
	if c.All || asJSON {
		req.Limit = 0
	}
	list, err := lifecycle.Read(ctx, a.world(), req)
	if err != nil {
		return err
	}
	for _, spec := range list.Missing {
		a.say.Note("no build of " + spec + lacking(spec))
	}
	for _, flaw := range list.Flaws {
		a.say.Warning(fmt.Sprintf("%s: %v: builds in it may be missing here", flaw.Path, flaw.Err))
	}
	if list.GitErr != nil {
		a.say.Warning("nothing is known of the commits: "+list.GitErr.Error(), hint.Of(list.GitErr)...)
	}
	var check *lifecycle.Check
	if c.Check {
		if check, err = list.Check(ctx, a.world(), specs); err != nil {
			return err
		}
		for _, note := range check.Notes {
			a.say.Note(note)
		}
	}
	if asJSON {
		return a.printJSON(newJSONStatus(list, check))
	}
	defer a.statusChecked(check, list)
	switch {
	case !list.Any:
		a.say.Note("no builds yet: dot build @HEAD makes one")
		return nil
	case a.verbose:
		a.statusCards(list)
	default:
		a.statusTable(list)
	}
	if list.More > 0 {
		a.say.Note(text.Plural(list.More, "more build") + ": dot status --all")
	}
	return nil
}

// lacking says how to make a build that is missing.
func lacking(spec string) string {
	if !strings.Contains(spec, "@") || strings.Contains(spec, "..") {
		return ""
	}
	return ": dot build " + text.ShellQuote([]string{spec}) + " makes it"
}

// statusTable prints a line for each build, which fits the terminal or, elsewhere, 80 columns.
func (a *app) statusTable(list *lifecycle.List) {
	if len(list.Builds) == 0 {
		return
	}
	out := ui.NewPrinter(a.Stdout, a.color, a.getenv)
	width := cmp.Or(ui.LineWidth(a.Process.Stdout), 80)
	head := []string{"build", "age", "last command", "nodes"}
	if list.Builds[0].Size != nil {
		head = append(head, "size")
	}
	rows := [][]string{append(head, "commit")}
	for i := range list.Builds {
		b := &list.Builds[i]
		row := []string{list.Name(b), age(b.Used, a.Now()), lastInShort(b), nodesInShort(b)}
		if b.Size != nil {
			row = append(row, humanize.IBytes(uint64(b.Size.Total())))
		}
		rows = append(rows, append(row, commitInShort(b)))
	}
	inline(rows)
	// The last column is cut, and the others stay: they name the build.
	lines := ui.Columns(rows, func(r, column int, cell string) string {
		switch {
		case r == 0:
			return out.Paint(ui.Faint, cell)
		case column == 2:
			return out.Paint(stateStyle(list.Builds[r-1].Last.State), cell)
		}
		return cell
	})
	for r, line := range lines {
		out.Line(ui.Cut(line, width))
		if r == 0 {
			continue
		}
		for _, problem := range slices.Concat(list.Builds[r-1].Problems, missingOf(&list.Builds[r-1])) {
			out.Line("  " + out.Paint(ui.Warn, "! ") + ui.Inline(problem))
		}
	}
}

// faintHead paints the first row of a table.
func faintHead(out *ui.Printer) func(r, column int, cell string) string {
	return func(r, _ int, cell string) string {
		if r == 0 {
			return out.Paint(ui.Faint, cell)
		}
		return cell
	}
}

// stateStyle is the look of a last command.
func stateStyle(s lifecycle.State) ui.Style {
	switch s {
	case lifecycle.OK:
		return ui.Good
	case lifecycle.Failed:
		return ui.Bad
	case lifecycle.Interrupted, lifecycle.Unknown:
		return ui.Warn
	case lifecycle.Running:
		return ui.Busy
	}
	return ui.Faint
}

// age returns how long ago something was: "5 minutes".
func age(t, now time.Time) string {
	if t.IsZero() {
		return "?"
	}
	return strings.TrimSpace(humanize.RelTime(t, now, "", "from now"))
}

// lastInShort describes a build's last command in a few words.
func lastInShort(b *lifecycle.Build) string {
	l := b.Last
	switch l.State {
	case lifecycle.Never:
		return "never built"
	case lifecycle.Adopted:
		return "by another tool"
	case lifecycle.Pulled:
		return l.Command + " pulled"
	case lifecycle.Running:
		words := strings.TrimSpace(l.Command + " running")
		if l.PID > 0 {
			words += fmt.Sprintf(" (pid %d)", l.PID)
		}
		return words
	}
	return strings.TrimSpace(l.Command + " " + string(l.State))
}

// nodesInShort returns a build's own nodes and those of the layers below it: "5 + 4".
func nodesInShort(b *lifecycle.Build) string {
	if len(b.Places) == 0 {
		if b.Last.State == lifecycle.Never || b.Last.State == lifecycle.Failed {
			return "0"
		}
		return "?"
	}
	p := b.Places[0]
	words := "?"
	if p.Nodes != nil {
		words = strconv.Itoa(p.Nodes.Own)
	}
	if p.Below != nil {
		words += " + "
		if p.Below.Nodes != nil {
			words += strconv.Itoa(*p.Below.Nodes)
		} else {
			words += "?"
		}
	}
	return words
}

// commitInShort returns the refs at a build's commit, and its subject.
func commitInShort(b *lifecycle.Build) string {
	switch {
	case b.InGit == lifecycle.Lost:
		return "[not in git any more]"
	case b.InGit == lifecycle.NotAsked:
		return "?"
	case b.IsDraft():
		return "[working tree] on top of " + shortHash(b.Git.DraftOf) + earlier(b)
	case !b.Git.Reached:
		return "[no ref] " + b.Git.Subject
	}
	if refs := shownRefs(b.Git.Refs); len(refs) > 0 {
		return "[" + strings.Join(refs, ", ") + "] " + b.Git.Subject
	}
	return b.Git.Subject
}

// earlier counts the other builds of a working tree, if the list leaves them out.
func earlier(b *lifecycle.Build) string {
	if !b.Folded || b.States == 1 {
		return ""
	}
	return fmt.Sprintf(", and %d earlier", b.States-1)
}

// shortHash shortens a commit's hash.
func shortHash(hash string) string { return hash[:min(len(hash), 7)] }

// shownRefs leaves out remote branches at the same commit as the branch of their name.
func shownRefs(refs []string) []string {
	return slices.DeleteFunc(slices.Clone(refs), func(ref string) bool {
		_, branch, ok := strings.Cut(ref, "/")
		return ok && slices.Contains(refs, branch)
	})
}

// inline makes each cell of a table one line that is safe for a terminal.
func inline(rows [][]string) {
	for _, row := range rows {
		for i, cell := range row {
			row[i] = ui.Inline(cell)
		}
	}
}

// statusCards prints everything that is known of each build.
func (a *app) statusCards(list *lifecycle.List) {
	out := ui.NewPrinter(a.Stdout, a.color, a.getenv)
	for i := range list.Builds {
		b := &list.Builds[i]
		if i > 0 {
			out.Line("")
		}
		last := lastInShort(b)
		out.Line(fmt.Sprintf("%s  %s, %s", text.Visible(b.Name()), out.Paint(stateStyle(b.Last.State), text.Visible(last)), humanize.RelTime(b.Used, a.Now(), "ago", "from now")))
		for _, line := range ui.Columns(a.statusDetails(b), nil) {
			out.Line("    " + line)
		}
	}
}

// statusDetails returns the lines of a build, each with a heading and a text.
func (a *app) statusDetails(b *lifecycle.Build) [][]string {
	var rows [][]string
	add := func(about string, lines ...string) {
		for _, line := range lines {
			if line == "" {
				continue
			}
			rows = append(rows, []string{about, ui.Inline(line)})
			about = ""
		}
	}
	commit := cmp.Or(b.Commit.Hash, "not known")
	if b.InGit == lifecycle.InGit {
		commit += fmt.Sprintf(" %q, %s", b.Git.Subject, humanize.RelTime(b.Git.Time, a.Now(), "ago", "from now"))
	}
	add("commit", commit)
	switch {
	case b.InGit == lifecycle.Lost:
		add("refs", "none: git doesn't have the commit any more")
	case b.IsDraft():
		add("refs", "none: dot made it of a working tree on top of "+b.Git.DraftOf)
	case b.Gone():
		add("refs", "none: no branch or tag leads to the commit")
	default:
		add("refs", strings.Join(b.Git.Refs, ", "))
	}
	if b.Superseded {
		add("schema", "of the working tree, which was built with other files since")
	}
	l := b.Last
	if !l.Finished.IsZero() {
		add("last", fmt.Sprintf("%s, ended %s, took %s", l.Command, l.Finished.UTC().Format(time.DateTime+" MST"), l.Finished.Sub(l.Started).Round(100*time.Millisecond)))
	} else if !l.Started.IsZero() {
		add("last", fmt.Sprintf("%s, started %s", l.Command, l.Started.UTC().Format(time.DateTime+" MST")))
	}
	first, _, _ := strings.Cut(l.Error, "\n")
	add("", l.Result, first)
	if l.Holder != "" {
		add("in use", "by "+l.Holder)
	}
	for _, p := range b.Places {
		add("schema", fmt.Sprintf("%s of %s", strings.Join(p.Schemas, ", "), cmp.Or(p.Database, p.Adapter)))
		add("nodes", nodesInWords(p))
	}
	var resting []string
	for _, other := range b.Resting {
		resting = append(resting, other.ID())
	}
	add("rest on it", strings.Join(resting, ", "))
	worktree := b.Commit.Worktree()
	if b.Worktree != lifecycle.WorktreeThere {
		worktree += ": " + b.Worktree
	}
	add("worktree", worktree)
	if s := b.Size; s != nil {
		size := fmt.Sprintf("%s, and %s of the worktree", humanize.IBytes(uint64(s.Own)), humanize.IBytes(uint64(s.Commit)))
		if s.Shared > 0 {
			size += fmt.Sprintf(", shared with %s", text.Plural(s.Shared, "build"))
		}
		add("size", size)
	}
	add("problems", slices.Concat(b.Problems, missingOf(b))...)
	return rows
}

// missingOf says what the warehouse lacks of a build.
func missingOf(b *lifecycle.Build) []string {
	if b.Checked == nil || b.Checked.Whole() {
		return nil
	}
	return []string{"not in the warehouse: " + b.Checked.String()}
}

// statusChecked prints schemas without a build, and how much was checked.
func (a *app) statusChecked(check *lifecycle.Check, list *lifecycle.List) {
	if check == nil {
		return
	}
	if len(check.Orphans) > 0 {
		out := ui.NewPrinter(a.Stdout, a.color, a.getenv)
		rows := [][]string{{"no build here", "marked", "by", "schemas"}}
		for _, o := range check.Orphans {
			rows = append(rows, []string{o.Name, age(o.At, a.Now()), o.By, strings.Join(o.Schemas, ", ")})
		}
		inline(rows)
		if len(list.Builds) > 0 {
			out.Line("")
		}
		for _, line := range ui.Columns(rows, faintHead(out)) {
			out.Line(line)
		}
		a.say.Hint("other clones may need them; dot prune --schemas drops them by rule: --older 30d, --gone, or an environment")
	}
	lacking := 0
	for i := range list.Builds {
		if c := list.Builds[i].Checked; c != nil && !c.Whole() {
			lacking++
		}
	}
	words := "nothing is missing"
	if lacking > 0 {
		words = text.Plural(lacking, "build") + " with something missing: --check-warehouse builds it again"
	}
	a.say.Note(fmt.Sprintf("%s checked in %s: %s", text.Plural(check.Checked, "build"), text.Plural(check.Databases, "database"), words))
}

// nodesInWords describes the nodes of a build at a place.
func nodesInWords(p lifecycle.Place) string {
	words := "own: not known"
	if n := p.Nodes; n != nil {
		words = fmt.Sprintf("%d own", n.Own)
		if n.Broken > 0 {
			words += fmt.Sprintf(", %d failed, skipped or lost", n.Broken)
		}
		if n.Building > 0 {
			words += fmt.Sprintf(", %d being built", n.Building)
		}
	}
	switch below := p.Below; {
	case below == nil:
	case below.Gone != "":
		words += "; rests on " + below.Name() + ": " + below.Gone
	case below.Nodes == nil:
		words += "; below, of " + below.Name() + ": not known"
	default:
		words += fmt.Sprintf("; %d below, of %s", *below.Nodes, below.Name())
	}
	return words
}

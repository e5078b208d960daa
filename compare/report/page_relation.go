package report

import (
	"html/template"
	"slices"
	"strings"
)

// pageComparison is a section of the page.
type pageComparison struct {
	Comparison
	ID        string
	TableID   string // the id of the tools above the table of relations
	Relations []*pageRelation
	Graph     *drawing // nil: there is nothing to draw
	OfSeveral bool
}

func newPageComparison(c Comparison, ids identifiers) *pageComparison {
	out := &pageComparison{Comparison: c, ID: ids.take(c.Candidate.Name)}
	out.TableID = ids.take(c.Candidate.Name + "-relations")
	byNode := map[string]*pageRelation{}
	relations := slices.Clone(c.Relations)
	Sort(relations)
	for _, r := range relations {
		relation := &pageRelation{Relation: r, comparison: out, ID: ids.take(r.Node)}
		out.Relations = append(out.Relations, relation)
		byNode[r.Node] = relation
	}
	for _, r := range out.Relations {
		for _, name := range r.Relation.Parents {
			if parent := byNode[name]; parent != nil && parent != r {
				r.Parents = append(r.Parents, parent)
				parent.Children = append(parent.Children, r)
			}
		}
	}
	out.Graph = draw(out.Relations)
	return out
}

// Title names the two builds.
func (c *pageComparison) Title() string {
	if c.Upgrade != nil {
		return c.Upgrade.To + " compared with " + c.Upgrade.From
	}
	return c.Candidate.Name + " compared with " + c.Baseline.Name
}

// Sentence is the result in one line.
func (c *pageComparison) Sentence() string {
	if line := c.Conclusion(); line != "" {
		return line + "."
	}
	if len(c.Relations) == 0 {
		return "There was no relation to compare."
	}
	red := int64(0)
	for _, r := range c.Relations {
		if r.Relation.Red() {
			red++
		}
	}
	all := count(int64(len(c.Relations)), "relation")
	said := number(red) + " of " + all + " differ"
	switch red {
	case 0: // not "no relation differs": some data may not have been compared
		said = "No difference was found in " + all
	case 1:
		said += "s"
	}
	if unknown := c.Count(Unknown); unknown > 0 {
		said += "; " + number(int64(unknown)) + " could not be decided"
	}
	return said + "."
}

// pageList has the first of many things.
type pageList[T any] struct {
	Shown []T
	More  int // how many are not shown
}

// listed is how many commits and files of a change the page has.
const listed = 100

func newPageList[T any](all []T) pageList[T] {
	shown, more := firstOf(all, listed)
	return pageList[T]{shown, more}
}

// FewChanges reports whether the commits and files of the change need little room.
func (c *pageComparison) FewChanges() bool { return len(c.Change.Commits)+len(c.Change.Files) <= 12 }

// ShownCommits returns the commits of the change.
func (c *pageComparison) ShownCommits() pageList[Commit] { return newPageList(c.Change.Commits) }

// ShownFiles returns the files of the change.
func (c *pageComparison) ShownFiles() pageList[ChangedFile] { return newPageList(c.Change.Files) }

// Class is the verdict's name in style and script.
func (n VerdictCount) Class() string { return class(n.Verdict) }

// class returns a verdict's name in style and script.
func class(v Verdict) string { return strings.ReplaceAll(string(v), " ", "-") }

// pageRelation is a relation's row on the page, with its details.
type pageRelation struct {
	Relation
	ID                string
	Parents, Children []*pageRelation
	// Details has the parts that fit on the page.
	Details []template.HTML

	comparison *pageComparison
}

// Class is the verdict's name in style and script.
func (r *pageRelation) Class() string { return class(r.Verdict) }

// More reports whether the relation has details.
func (r *pageRelation) More() bool { return len(r.Details) > 0 }

// Plain reports whether the row needs no details, since the code or the relation is the
// same.
func (r *pageRelation) Plain() bool {
	return r.RenamedFrom == "" && (r.Verdict == SameCode || r.Verdict == SameRelation) && r.Reason == "" && len(r.Code) == 0
}

// Changed reports whether the relation itself was changed, not only its ancestors.
func (r *pageRelation) Changed() bool {
	return r.SQL != "" || r.RenamedFrom != "" || slices.ContainsFunc(r.Code, func(what string) bool {
		return !strings.HasPrefix(what, "upstream: ")
	})
}

// Interesting reports whether a reader would look for the relation in the graph.
func (r *pageRelation) Interesting() bool {
	return r.Changed() || !r.Folded() && r.Verdict != WithinLimits && r.Verdict != SameButSchema
}

// Says is the verdict as a sentence.
func (r *pageRelation) Says() string { return says(r.Relation) }

// InputsSay says whether the relation's inputs may explain the difference.
func (r *pageRelation) InputsSay() string { return inputsSay(r.Inputs) }

// Doubt is the row's note that the relation's inputs may explain the difference.
func (r *pageRelation) Doubt() string {
	_, doubt, _ := strings.Cut(r.Relation.Title(), " (")
	return strings.TrimSuffix(doubt, ")")
}

// DecidedHow says how the verdict was reached.
func (r *pageRelation) DecidedHow() string {
	switch {
	case r.Verdict == Unknown: // Rung is how far the comparison came
		return strings.TrimPrefix(decided(r.Relation), "by ")
	case r.Decided() == "":
		return ""
	}
	return decided(r.Relation)
}

// KeyUnused returns the relation's key if it was not needed.
func (r *pageRelation) KeyUnused() string {
	if r.Key == nil || r.Rung == ByJoin || r.Rung == ByGroup && r.Key.Problem != "" {
		return "" // DecidedHow has it
	}
	text := strings.Join(r.Key.Columns, ", ") + " (" + r.Key.From + ")"
	if r.Key.Problem != "" {
		text += ": " + r.Key.Problem
	}
	return text
}

// ChangedRows is how many rows changed, 0 if unknown.
func (r *pageRelation) ChangedRows() int64 {
	if r.Changes == nil || r.Changes.Changed == nil {
		return 0
	}
	return *r.Changes.Changed
}

// MostRows is the number by which the script sorts the column Rows.
func (r *pageRelation) MostRows() int64 { return max(r.Rows.Baseline, r.Rows.Candidate) }

// SourceKind names the kind of code in the diff.
func (r *pageRelation) SourceKind() string {
	switch {
	case r.ResourceType == "seed":
		return "File"
	case strings.HasSuffix(r.File, ".py"):
		return "Python"
	}
	return "SQL"
}

// Lines returns the SQL diff, split by kind of line.
func (r *pageRelation) Lines() diff { return newDiff(r.SQL) }

// Table returns the sample as a table.
func (r *pageRelation) Table() *sampleTable { return newSampleTable(r.Relation) }

// relatives are the relations directly above or below another.
type relatives struct {
	Relations []*pageRelation
	More      int // how many are not named
}

// namedRelatives is how many relatives are named.
const namedRelatives = 12

func newRelatives(all []*pageRelation) relatives {
	named := all[:min(len(all), namedRelatives)]
	return relatives{named, len(all) - len(named)}
}

// Above returns the relation's parents.
func (r *pageRelation) Above() relatives { return newRelatives(r.Parents) }

// Below returns the relation's children.
func (r *pageRelation) Below() relatives { return newRelatives(r.Children) }

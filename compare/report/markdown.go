package report

import (
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"dot-for-dbt/internal/text"

	"github.com/dustin/go-humanize"
)

// MarkdownLimit is how many bytes Markdown writes at most: GitHub takes 65,536
// characters in a comment, and whoever posts it may want to add some.
const MarkdownLimit = 60_000

// What one piece may take of it.
const (
	nameLimit  = 160  // characters of a name
	textLimit  = 800  // characters of a warning
	listLimit  = 5    // names in a cell
	partsLimit = 100  // columns in the details of a relation
	diffLimit  = 8000 // bytes of a diff
)

// Markdown writes a report for a comment on a pull request: a headline and a
// table for each comparison, and details that are folded. Where there is too
// much of it, details are left out first, and of all things the worst is kept.
//
// Nothing that may hold a value of a row is in it, since whoever reads a pull
// request need not be one who may read the warehouse. Besides the sample, that
// is the text of a reason and of a key's problem (a database quotes what it
// stumbles upon), the ends and the mean of a distribution, the condition of
// --where, the words of an enum's type, and the diff of a seed.
//
// Everything that comes from the warehouse or the repository is in code, so that
// it is neither markup nor mentions anybody.
func Markdown(w io.Writer, r Report) error {
	_, err := io.WriteString(w, compose(r))
	return err
}

// A comment is one comparison in pieces, the worst first.
type comment struct {
	head, foot    string
	rows, details []string
}

// Said where pieces are left out; there is always room for these.
const (
	moreRows        = "\nRelations left out, since this comment is full: %d.\n"
	moreDetails     = "\nRelations whose details are left out, since this comment is full: %d.\n"
	moreComparisons = "\nComparisons left out, since this comment is full: %d.\n"
	noteRoom        = len(moreRows) + len(moreDetails) + 40 // and 20 for a number
	tableHead       = "\n| relation | verdict | rows | added | removed | changed | columns that differ |\n|---|---|--:|--:|--:|--:|---|\n"
)

// compose makes the text of as many pieces as there is room for.
func compose(r Report) string {
	left := MarkdownLimit - len(moreComparisons) - 20
	var comments []comment
	for _, c := range r.Comparisons {
		m := newComment(c)
		size := len(m.head) + len(tableHead) + len(m.foot) + noteRoom
		if size > left {
			break
		}
		left -= size
		comments = append(comments, m)
	}
	rows := fill(&left, comments, func(c comment) []string { return c.rows })
	for i, c := range comments {
		if rows[i] < len(c.rows) {
			left = 0 // a row is worth more than any detail
		}
	}
	details := fill(&left, comments, func(c comment) []string { return c.details })

	var b strings.Builder
	for i, c := range comments {
		if i > 0 {
			b.WriteString("\n")
		}
		b.WriteString(c.head)
		if len(c.rows) > 0 {
			b.WriteString(tableHead + strings.Join(c.rows[:rows[i]], ""))
		}
		if more := len(c.rows) - rows[i]; more > 0 {
			fmt.Fprintf(&b, moreRows, more)
		}
		b.WriteString(c.foot + strings.Join(c.details[:details[i]], ""))
		if more := len(c.details) - details[i]; more > 0 {
			fmt.Fprintf(&b, moreDetails, more)
		}
	}
	if more := len(r.Comparisons) - len(comments); more > 0 {
		fmt.Fprintf(&b, moreComparisons, more)
	}
	return b.String()
}

// fill says how many pieces of each comment there is room for. They take turns,
// so that the first doesn't crowd the others out; after one that doesn't fit no
// lesser one of the same comment is taken.
func fill(left *int, comments []comment, pieces func(comment) []string) []int {
	kept := make([]int, len(comments))
	full := make([]bool, len(comments))
	for again := true; again; {
		again = false
		for i, c := range comments {
			of := pieces(c)
			if full[i] || kept[i] == len(of) {
				continue
			}
			if size := len(of[kept[i]]); size <= *left {
				*left -= size
				kept[i]++
				again = true
			} else {
				full[i] = true
			}
		}
	}
	return kept
}

func newComment(c Comparison) comment {
	m := comment{head: commentHead(c), foot: commentFoot(c)}
	relations := slices.Clone(c.Relations)
	Sort(relations)
	for _, r := range relations {
		if r.Folded() {
			continue
		}
		m.rows = append(m.rows, tableRow(r))
		if d := details(r); d != "" {
			m.details = append(m.details, d)
		}
	}
	return m
}

// commentHead is the headline, and what the two sides are.
func commentHead(c Comparison) string {
	var b strings.Builder
	fmt.Fprintf(&b, "**%s beside %s**: %s\n\n", quote(c.Candidate.Spec), quote(c.Baseline.Spec), c.Headline())
	for _, s := range []struct {
		role string
		Side
	}{{"baseline", c.Baseline}, {"candidate", c.Candidate}} {
		fmt.Fprintf(&b, "- %s %s in schema %s", s.role, quote(s.Name), quote(s.Schema))
		if s.Subject != "" {
			b.WriteString(", " + quote(s.Subject))
		}
		if built := s.Built(); built != "" {
			b.WriteString(", built " + built)
		}
		b.WriteString("\n")
	}
	if words := c.Options.Words(); len(words) > 0 {
		fmt.Fprintf(&b, "- compared with %s\n", quoteAll(words, 4*listLimit))
	}
	for i, warning := range c.Warnings {
		if i == listLimit {
			fmt.Fprintf(&b, "- warnings left out: %d\n", len(c.Warnings)-i)
			break
		}
		fmt.Fprintf(&b, "- warning: %s\n", quoteText(warning, textLimit))
	}
	return b.String()
}

// commentFoot is what there is to say below the table.
func commentFoot(c Comparison) string {
	var b strings.Builder
	for _, term := range c.Terms() {
		fmt.Fprintf(&b, "\n*%s*: %s.\n", term.Word, term.Means)
	}
	say := func(text string, of func(Relation) bool) {
		if slices.ContainsFunc(c.Relations, of) {
			b.WriteString("\n" + text + "\n")
		}
	}
	say("Why something is unknown or not built is not said here, since a message may quote rows: `dot compare` says it.",
		func(r Relation) bool { return r.Reason != "" && (r.Verdict == Unknown || r.Verdict == NotBuilt) })
	say("The data of what has the same code, counts or columns was not looked at.",
		func(r Relation) bool { return r.Folded() && r.Verdict != Same })
	return b.String()
}

// tableRow is a relation's row of the table.
func tableRow(r Relation) string {
	added, removed, changed := "", "", ""
	if r.Changes != nil {
		added, removed = signed("+", r.Changes.Added), signed("−", r.Changes.Removed)
		if r.Changes.Changed != nil {
			changed = signed("~", *r.Changes.Changed)
		}
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %s | %s | %s |\n",
		quote(r.Name), r.Title(), r.RowCounts(), added, removed, changed, columnsCell(r))
}

func signed(sign string, n int64) string {
	if n == 0 {
		return ""
	}
	return sign + humanize.Comma(n)
}

// columnsCell says which columns differ, in values or in shape.
func columnsCell(r Relation) string {
	var parts []string
	var values []string
	for _, c := range r.Differing() {
		text := quote(c.Name)
		if c.differ() > 0 {
			text += " " + humanize.Comma(c.differ())
		}
		values = append(values, text)
	}
	if len(values) > 0 {
		parts = append(parts, capped(values, listLimit))
	}
	if r.Verdict == Added || r.Verdict == Removed {
		return strings.Join(parts, "; ") // all of its columns came or went with it
	}
	for _, kind := range []struct {
		status ColumnStatus
		words  string
	}{{ColumnAdded, "added: "}, {ColumnRemoved, "removed: "}, {TypeChanged, "other type: "}} {
		var names []string
		for _, c := range r.Columns {
			if c.Status == kind.status {
				names = append(names, c.Name)
			}
		}
		if len(names) > 0 {
			parts = append(parts, kind.words+quoteAll(names, listLimit))
		}
	}
	return strings.Join(parts, "; ")
}

// details are what is folded below the table, "" if there is nothing more to
// say of a relation.
func details(r Relation) string {
	var parts []string
	var b strings.Builder
	if len(r.Code) > 0 {
		parts = append(parts, "code")
		fmt.Fprintf(&b, "\nCode: %s\n", quoteAll(r.Code, 4*listLimit))
	}
	if r.Key != nil && r.Key.Problem != "" {
		fmt.Fprintf(&b, "\nRows can't be told apart by %s: they were compared without a key.\n", quoteAll(r.Key.Columns, listLimit))
	}
	if table := columnsTable(r); table != "" {
		parts = append(parts, "columns")
		b.WriteString(table)
	}
	if diff := shownDiff(r); diff != "" {
		parts = append(parts, "diff")
		b.WriteString(diff)
	}
	if b.Len() == 0 {
		return ""
	}
	if r.Rung != "" && r.Rung != ByCode {
		fmt.Fprintf(&b, "\nDecided by %s.\n", decidedBy(r))
	}
	if len(parts) == 0 {
		parts = []string{"key"}
	}
	return fmt.Sprintf("\n<details><summary>%s: %s</summary>\n%s\n</details>\n", entities(shortened(r.Name, nameLimit)), strings.Join(parts, ", "), b.String())
}

func decidedBy(r Relation) string {
	if key := r.KeyUsed(); r.Rung == ByJoin && len(key) > 0 {
		return "a join on " + quoteAll(key, listLimit)
	}
	return quote(string(r.Rung))
}

// columnsTable says of every column that differs how it does.
func columnsTable(r Relation) string {
	columns := r.Reshaped()
	for _, c := range r.Differing() {
		if c.Status == Common {
			columns = append(columns, c)
		}
	}
	if len(columns) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("\n| column | type before | type after | rows that differ |\n|---|---|---|--:|\n")
	for i, c := range columns {
		if i == partsLimit {
			fmt.Fprintf(&b, "\nColumns left out: %d.\n", len(columns)-i)
			break
		}
		differ := ""
		switch {
		case c.Differ != nil:
			differ = humanize.Comma(*c.Differ)
		case c.Own:
			differ = "not counted"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", quote(c.Name), typeCell(c.Baseline), typeCell(c.Candidate), differ)
	}
	return b.String()
}

// literal is a text in quotes, as an enum's type lists its values; one that
// isn't closed reaches to the end.
var literal = regexp.MustCompile(`'(?:[^']|'')*(?:'|$)`)

// typeCell is a type without the values that it lists.
func typeCell(name string) string {
	if name == "" {
		return ""
	}
	return quote(literal.ReplaceAllString(name, "…"))
}

// shownDiff is the diff of what is code. A seed's file is rows.
func shownDiff(r Relation) string {
	code := slices.Contains([]string{".sql", ".py", ".yml", ".yaml"}, strings.ToLower(path.Ext(r.File)))
	if r.SQL == "" || r.ResourceType == "seed" || !code {
		return ""
	}
	diff := text.Visible(strings.ReplaceAll(strings.TrimRight(r.SQL, "\n"), "\r\n", "\n"))
	more := ""
	if len(diff) > diffLimit {
		end := max(0, strings.LastIndexByte(diff[:diffLimit], '\n')) // whole lines
		lines := strings.Count(diff[end:], "\n")
		if end == 0 {
			lines++
		}
		more = fmt.Sprintf("\nLines left out: %d.\n", lines)
		diff = diff[:end]
	}
	fence := "```"
	for strings.Contains(diff, fence) {
		fence += "`"
	}
	return "\n" + fence + "diff\n" + diff + "\n" + fence + "\n" + more
}

// capped lists texts, at most so many.
func capped(texts []string, limit int) string {
	if more := len(texts) - limit; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(texts[:limit], ", "), more)
	}
	return strings.Join(texts, ", ")
}

func quoteAll(names []string, limit int) string {
	quoted := make([]string, 0, len(names))
	for _, name := range names[:min(len(names), limit+1)] {
		quoted = append(quoted, quote(name))
	}
	if more := len(names) - limit; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(quoted[:limit], ", "), more)
	}
	return strings.Join(quoted, ", ")
}

// quote is a text from outside as code on one line, also in a cell of a table.
func quote(text string) string { return quoteText(text, nameLimit) }

// quoteText is quote for a text that may have so many characters.
func quoteText(text string, limit int) string {
	text = shortened(text, limit)
	plain := func(r rune) bool {
		return r == ' ' || unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(`_-.,:;=+*/@#()[]{}~!?%^'"$…→−`, r)
	}
	if strings.ContainsFunc(text, func(r rune) bool { return !plain(r) }) || strings.TrimSpace(text) != text || text == "" {
		return entities(text)
	}
	return "`" + text + "`"
}

// entities is a text from outside as code in HTML, with every character that
// means something to HTML or Markdown as an entity.
// It is for a line of HTML, too.
func entities(text string) string {
	var b strings.Builder
	b.WriteString("<code>")
	for _, r := range text {
		if r < unicode.MaxASCII && r != ' ' && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			fmt.Fprintf(&b, "&#%d;", r)
		} else {
			b.WriteRune(r)
		}
	}
	b.WriteString("</code>")
	return b.String()
}

// shortened is a text on one line, of so many characters at most.
func shortened(s string, limit int) string {
	n := 0
	for i := range s {
		if n == limit {
			s = s[:i] + "…"
			break
		}
		n++
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}
		return r
	}, text.Visible(strings.NewReplacer("\n", " ", "\r", " ", "\t", " ").Replace(s)))
}

package report

import (
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"unicode"

	"dot-for-dbt/internal/lazy"
	"dot-for-dbt/internal/text"

	"github.com/dustin/go-humanize"
)

// MarkdownLimit is how many bytes Markdown writes at most. GitHub accepts 65,536
// characters in a comment, and whoever posts the report may add some.
const MarkdownLimit = 60_000

// The limits of single parts.
const (
	nameLimit  = 160  // characters of a name
	textLimit  = 800  // characters of a warning
	listLimit  = 5    // names in a cell
	partsLimit = 100  // columns in the details of a relation
	diffLimit  = 8000 // bytes of a diff
)

// Markdown writes a report for a comment on a pull request: for each comparison a
// headline, a table, and folded details. If the report is too long, details are left
// out first, and the worst relations are kept.
//
// The comment has nothing that may hold a row's value, since readers of a pull request
// may not be allowed to read the warehouse. So it leaves out the sample, the text of a
// reason and of a key's problem (a database's message may quote a value), a
// distribution's minimum, maximum and mean, the condition of --where, the values of an
// enum type, and the diff of a seed.
//
// All text from the warehouse or the repository is written as code, so that it can
// neither be markup nor mention anybody.
func Markdown(w io.Writer, r Report) error {
	_, err := io.WriteString(w, compose(r))
	return err
}

// A comment is one comparison's parts. Rows and details have the worst relation first.
type comment struct {
	head, foot    string
	rows, details []string
}

// Notes on what is left out. Room is reserved for them.
const (
	moreRows        = "\nRelations left out, since this comment is full: %d.\n"
	moreDetails     = "\nRelations whose details are left out, since this comment is full: %d.\n"
	moreComparisons = "\nComparisons left out, since this comment is full: %d.\n"
	noteRoom        = len(moreRows) + len(moreDetails) + 40 // 20 for each number
	tableHead       = "\n| relation | verdict | rows | added | removed | changed | columns that differ |\n|---|---|--:|--:|--:|--:|---|\n"
)

// compose writes as many parts as there is room for.
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
			left = 0 // rows are more important than details
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

// fill returns how many parts of each comment fit. The comments take turns, so that
// the first one leaves room for the others. After a part that doesn't fit, the rest of
// its comment is skipped.
func fill(left *int, comments []comment, parts func(comment) []string) []int {
	kept := make([]int, len(comments))
	full := make([]bool, len(comments))
	for again := true; again; {
		again = false
		for i, c := range comments {
			all := parts(c)
			if full[i] || kept[i] == len(all) {
				continue
			}
			if size := len(all[kept[i]]); size <= *left {
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
	relations, skipped := WithoutSkipped(relations)
	for _, s := range skipped {
		m.rows = append(m.rows, fmt.Sprintf("| %s | %s | | | | | |\n", humanize.Comma(int64(len(s.Names)))+" relations", quoteText("skipped since "+s.Since, textLimit)))
	}
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

// commentHead writes the headline and the two sides.
func commentHead(c Comparison) string {
	var b strings.Builder
	one, other := quote(c.Candidate.Spec), quote(c.Baseline.Spec)
	if c.Upgrade != nil {
		one, other = one+" by "+quote(c.Upgrade.To), other+" by "+quote(c.Upgrade.From)
	}
	fmt.Fprintf(&b, "**%s beside %s**: %s\n\n", one, other, c.Headline())
	if line := c.Conclusion(); line != "" {
		fmt.Fprintf(&b, "%s.\n\n", quoteText(line, textLimit))
	}
	if line := c.Begins(); line != "" {
		fmt.Fprintf(&b, "%s.\n\n", quoteText(line, textLimit))
	}
	if c.Project != "" {
		fmt.Fprintf(&b, "- project %s\n", quote(c.Project))
	}
	for _, s := range []struct {
		role string
		Side
	}{{"baseline", c.Baseline}, {"candidate", c.Candidate}} {
		fmt.Fprintf(&b, "- %s %s in schema %s", s.role, quote(s.Name), quote(s.Schema))
		if c.Upgrade != nil {
			fmt.Fprintf(&b, ", by %s", quote(map[string]string{"baseline": c.Upgrade.From, "candidate": c.Upgrade.To}[s.role]))
		}
		if s.Subject != "" {
			b.WriteString(", " + quote(s.Subject))
		}
		if built := s.Built(); built != "" {
			b.WriteString(", built " + built)
		}
		b.WriteString("\n")
	}
	b.WriteString(commentChange(c.Change))
	if words := c.Options.Words(); len(words) > 0 {
		fmt.Fprintf(&b, "- compared with %s\n", quoteAll(words, 4*listLimit))
	}
	b.WriteString(commentUpgrade(c.Upgrade))
	if line := c.Tests.Headline(); line != "" {
		fmt.Fprintf(&b, "- **%s**:\n", line)
		for i, failed := range c.Tests.Failed {
			if i == 2*listLimit {
				fmt.Fprintf(&b, "  - tests left out: %d\n", len(c.Tests.Failed)-i)
				break
			}
			fmt.Fprintf(&b, "  - %s: %s\n", quote(failed.Name), failed)
		}
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

// commentUpgrade writes what the new dbt of an upgrade check alone says.
func commentUpgrade(u *Upgrade) string {
	if u == nil {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "- %s\n", quoteText(u.Headline(), textLimit))
	kinds, more := firstOf(u.Said, 4*listLimit)
	for _, s := range kinds {
		fmt.Fprintf(&b, "  - %s: %s", quote(s.Title()), quoteText(s.Texts[0], textLimit/2))
		if s.Count > 1 {
			fmt.Fprintf(&b, " and %d more", s.Count-1)
		}
		b.WriteString("\n")
	}
	if more > 0 {
		fmt.Fprintf(&b, "  - kinds left out: %d\n", more)
	}
	if others := u.Others(); others != "" {
		fmt.Fprintf(&b, "- %s\n", quoteText(others, textLimit))
	}
	return b.String()
}

// commentChange writes what lies between the commits, with the names of commits and files folded.
func commentChange(c *Change) string {
	headline := c.headline(func(branch string) string { return entities(shortened(branch, nameLimit)) }) // HTML is around it
	if headline == "" {
		return ""
	}
	var b strings.Builder
	if behind := c.BehindSay(); behind != "" {
		headline += "; " + behind
	}
	fmt.Fprintf(&b, "- <details><summary>%s</summary>\n\n", headline)
	commits, more := firstOf(c.Commits, 2*listLimit)
	for _, commit := range commits {
		fmt.Fprintf(&b, "  - %s %s\n", quote(commit.Short()), quote(commit.Subject))
	}
	if more > 0 {
		fmt.Fprintf(&b, "  - commits left out: %d\n", more)
	}
	files, more := firstOf(c.Files, 4*listLimit)
	for _, f := range files {
		fmt.Fprintf(&b, "  - %s\n", strings.TrimSpace(quote(f.Name())+" "+f.Lines()))
	}
	if more > 0 {
		fmt.Fprintf(&b, "  - files left out: %d\n", more)
	}
	b.WriteString("\n  </details>\n")
	return b.String()
}

// commentFoot writes the explanations below the table.
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
	say("The reasons for unknown and not built are left out here, since a message may quote rows: `dot compare` shows them.",
		func(r Relation) bool { return r.Reason != "" && (r.Verdict == Unknown || r.Verdict == NotBuilt) })
	say("The data of relations with the same code, counts or columns was not compared.",
		func(r Relation) bool { return r.Folded() && r.Verdict != Same && r.Verdict != SameRelation })
	return b.String()
}

// tableRow writes a relation's row of the table.
func tableRow(r Relation) string {
	added, removed, changed := "", "", ""
	if r.Changes != nil {
		added, removed = signed("+", r.Changes.Added), signed("−", r.Changes.Removed)
		if r.Changes.Changed != nil {
			changed = signed("~", *r.Changes.Changed)
		}
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %s | %s | %s |\n",
		Named(quote, r.Name, r.RenamedFrom), r.Title(), r.RowCounts(), added, removed, changed, columnsCell(r))
}

func signed(sign string, n int64) string {
	if n == 0 {
		return ""
	}
	return sign + humanize.Comma(n)
}

// columnsCell lists the columns that differ: in values, or added, removed or with
// another type.
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
		return strings.Join(parts, "; ") // so were all of its columns
	}
	for _, kind := range []struct {
		renamed bool
		status  ColumnStatus
		words   string
	}{{true, ColumnAdded, "renamed: "}, {false, ColumnAdded, "added: "}, {false, ColumnRemoved, "removed: "}, {false, TypeChanged, "other type: "}} {
		var names []string
		for _, c := range r.Reshaped() {
			switch {
			case c.Status != kind.status || kind.renamed != (c.RenamedFrom != ""):
			case kind.renamed:
				names = append(names, c.Renaming())
			default:
				names = append(names, c.Name)
			}
		}
		if len(names) > 0 {
			parts = append(parts, kind.words+quoteAll(names, listLimit))
		}
	}
	return strings.Join(parts, "; ")
}

// details writes a relation's folded details, "" if there are none.
func details(r Relation) string {
	var parts []string
	var b strings.Builder
	if len(r.Code) > 0 {
		parts = append(parts, "code")
		fmt.Fprintf(&b, "\nCode: %s\n", quoteAll(r.Code, 4*listLimit))
	}
	if r.Key != nil && r.Key.Problem != "" {
		fmt.Fprintf(&b, "\nThe rows were compared without a key: %s does not identify them.\n", quoteAll(r.Key.Columns, listLimit))
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
	if r.Decided() != "" && r.Rung != ByCode {
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

// columnsTable writes a table of the columns that differ.
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
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", Named(quote, c.Name, c.RenamedFrom), typeCell(c.Baseline), typeCell(c.Candidate), differ)
	}
	return b.String()
}

// literal matches a quoted text, as an enum type lists its values. Without a closing
// quote it reaches to the end.
var literal = lazy.Regexp(`'(?:[^']|'')*(?:'|$)`)

// typeCell writes a type without the values that it lists.
func typeCell(name string) string {
	if name == "" {
		return ""
	}
	return quote(literal().ReplaceAllString(name, "…"))
}

// shownDiff writes the diff of code. A seed's file has rows, so its diff is left out.
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

// capped lists at most limit texts.
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

// quote writes a text from outside as code on one line. It is safe in a table's cell.
func quote(text string) string { return quoteText(text, nameLimit) }

// quoteText is quote with a limit of characters.
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

// entities writes a text from outside as code in HTML. Each character with a meaning in
// HTML or Markdown becomes an entity.
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

// shortened returns a text on one line, cut to limit characters.
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

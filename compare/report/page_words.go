package report

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/dustin/go-humanize"
)

// says explains a verdict in a sentence; "" where the verdict's own words say as much.
func says(r Relation) string {
	switch r.Verdict {
	case Unknown, Differs, Removed, Added, Same:
		return ""
	case ColumnsDiffer:
		if r.Rung == ByColumns || r.Rung == ByCounts {
			return "The columns differ; their data was not compared."
		}
		return "The columns differ; the columns that both sides have hold the same data."
	case HistoryDiffers:
		return "The data differs although the code is the same: the relation was built on other existing data."
	case NotBuilt:
		return "The project has it, but a side has not built it."
	case WithinLimits:
		return "The data is equal within the tolerance."
	case SameButSchema:
		return "The data is the same but for the name of each build's schema in its values."
	case SameCounts:
		return "The columns and the number of rows are the same; the data was not compared."
	case SameColumns:
		return "The columns are the same; the data was not compared."
	case SameCode:
		return "The code is the same, up to the same sources; the data was not compared."
	case SameRelation:
		return "Both sides have this one relation."
	}
	return string(r.Verdict)
}

// inputsSay says whether inputs may explain a difference.
func inputsSay(i Inputs) string {
	switch i {
	case InputsSame:
		return "Its inputs hold the same data on both sides: the change caused the difference."
	case InputsDiffer:
		return "Its inputs differ too: sources changed between the builds, so the change may not explain all of the difference."
	case InputsUnknown:
		return "It is unknown whether its inputs held the same data: above the change is a source, a view of a source, or a relation that both sides read and that was written since."
	}
	return ""
}

// decided says how a verdict was reached.
func decided(r Relation) string {
	switch r.Rung {
	case ByRelation:
		return "by its name, without a query"
	case ByCode:
		return "by the code, without a query"
	case ByColumns:
		return "by relations and columns"
	case ByCounts:
		return "by the number of rows"
	case ByContent:
		return "by row count and fingerprint of the columns that both sides have"
	case ByJoin:
		if r.Key != nil {
			return "by a full join on " + strings.Join(r.Key.Columns, ", ") + " (" + r.Key.From + ")"
		}
		return "by a full join"
	case ByGroup:
		if r.Key != nil && r.Key.Problem != "" {
			return "by counting equal rows on both sides, since " + strings.Join(r.Key.Columns, ", ") +
				" (" + r.Key.From + ") does not identify rows: " + r.Key.Problem
		}
		return "by counting equal rows on both sides, since no key is known"
	}
	return string(r.Rung)
}

// OptionsSay lists the options used. --where comes with its condition, since a reader
// may have to know which rows were compared.
func (c *pageComparison) OptionsSay() []string {
	words := c.Options.Words()
	if i := slices.Index(words, "--where"); i >= 0 {
		words[i] += " " + c.Options.Where
	}
	return words
}

// Took is how long the comparison took.
func (c *pageComparison) Took() string {
	if c.Seconds <= 0 {
		return ""
	}
	if c.Seconds < 60 {
		return strconv.FormatFloat(c.Seconds, 'f', 1, 64) + " s"
	}
	return time.Duration(c.Seconds * float64(time.Second)).Round(time.Second).String()
}

// short returns an abbreviated hash.
func short(commit string) string { return commit[:min(len(commit), 10)] }

// stamp writes a time to the minute.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04 MST")
}

// number writes a whole number with commas.
func number(n int64) string { return humanize.Comma(n) }

// count writes a number of things: "1 relation", "2 relations".
func count(n int64, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return number(n) + " " + thing + "s"
}

// percent writes a share. It writes 0 % and 100 % only if they are exact.
func percent(part, whole int64) string {
	share := 100 * float64(part) / float64(whole)
	switch {
	case part == whole:
		return "100 %"
	case part == 0:
		return "0 %"
	case share < 0.01:
		return "<0.01 %"
	case share > 99.9:
		return ">99.9 %"
	case share < 1:
		return strconv.FormatFloat(share, 'f', 2, 64) + " %"
	}
	return strconv.FormatFloat(share, 'f', 1, 64) + " %"
}

// figure writes a number with about six digits.
func figure(f *float64) string {
	if f == nil {
		return "–"
	}
	size := math.Abs(*f)
	switch {
	case math.IsInf(*f, 0) || math.IsNaN(*f) || size >= 1e15 || size != 0 && size < 1e-3:
		return strconv.FormatFloat(*f, 'g', 6, 64)
	case *f == math.Trunc(*f):
		return humanize.Commaf(*f)
	}
	digits := 5
	for ; size >= 1 && digits > 2; size /= 10 {
		digits--
	}
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(*f, 'f', digits, 64), 64)
	if err != nil {
		return strconv.FormatFloat(*f, 'g', 6, 64)
	}
	return humanize.Commaf(rounded)
}

// clipMiddle cuts a name to size characters, in the middle: names often differ only at their
// end.
func clipMiddle(name string, size int) string {
	runes := []rune(name)
	if len(runes) <= size {
		return name
	}
	front := (size - 1) / 2
	return string(runes[:front]) + "…" + string(runes[len(runes)-(size-1-front):])
}

// clip cuts a text to size characters.
func clip(text string, size int) string {
	if utf8.RuneCountInString(text) <= size {
		return text
	}
	return string([]rune(text)[:size]) + "…"
}

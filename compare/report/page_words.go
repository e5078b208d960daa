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

// says is a verdict as a sentence.
func says(r Relation) string {
	switch r.Verdict {
	case Unknown:
		return "It could not be decided whether the data differs."
	case Differs:
		return "The data differs."
	case ColumnsDiffer:
		if r.Rung == ByColumns || r.Rung == ByCounts {
			return "The columns differ; what is in them was not compared."
		}
		return "The columns differ; those that both sides have hold the same data."
	case HistoryDiffers:
		return "The data differs, with the same code: it was built on top of another history."
	case Removed:
		return "Only the baseline has it."
	case Added:
		return "Only the candidate has it."
	case NotBuilt:
		return "The candidate's project has it, but its build does not."
	case WithinLimits:
		return "The data is equal as far as the tolerance goes."
	case SameCounts:
		return "The columns are the same, and there are as many rows on both sides; what is in them was not compared."
	case SameColumns:
		return "The columns are the same; what is in them was not compared."
	case Same:
		return "The data is the same."
	case SameCode:
		return "The code is the same all the way up to the same sources; the data was not looked at."
	}
	return string(r.Verdict)
}

// inputsSay says whose fault a difference may be.
func inputsSay(i Inputs) string {
	switch i {
	case InputsSame:
		return "Its inputs hold the same data on both sides: the change made the difference."
	case InputsDiffer:
		return "Inputs differ too: sources moved between the builds, so the change need not be what made all of the difference."
	case InputsUnknown:
		return "Whether its inputs held the same data is not known: above the change stands a source, a view of one, or a relation that both read and that was written since."
	}
	return ""
}

// decided says how a verdict was come to.
func decided(r Relation) string {
	switch r.Rung {
	case ByCode:
		return "by construction, without a query"
	case ByColumns:
		return "by which relations and columns there are"
	case ByCounts:
		return "by the number of rows"
	case ByContent:
		return "by count and fingerprint of the columns that both sides have"
	case ByJoin:
		if r.Key != nil {
			return "by a full join on " + strings.Join(r.Key.Columns, ", ") + " (" + r.Key.From + ")"
		}
		return "by a full join"
	case ByGroup:
		if r.Key != nil && r.Key.Problem != "" {
			return "by counting equal rows on both sides, as " + strings.Join(r.Key.Columns, ", ") +
				" (" + r.Key.From + ") is no key: " + r.Key.Problem
		}
		return "by counting equal rows on both sides, as no key is known"
	}
	return string(r.Rung)
}

// OptionsSay are the options used, a phrase each, the condition on rows among
// them: whoever reads the page may have to know which rows it is of.
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

// short is the beginning of a commit's hash.
func short(commit string) string { return commit[:min(len(commit), 10)] }

// stamp is a time to the minute.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04 MST")
}

// number is a whole number that can be read.
func number(n int64) string { return humanize.Comma(n) }

// count is a number of things.
func count(n int64, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return number(n) + " " + thing + "s"
}

// percent is a share that is never said to be none or all where it isn't.
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

// figure is a number of six digits or so.
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

// clip shortens a text that would take too much room.
func clip(text string, size int) string {
	if utf8.RuneCountInString(text) <= size {
		return text
	}
	return string([]rune(text)[:size]) + "…"
}

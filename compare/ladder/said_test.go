package ladder

import (
	"fmt"
	"sort"
	"strings"

	"dot-for-dbt/compare/report"
)

// said writes an answer in one line.
func said(f Answer) string {
	var out []string
	add := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	if f.Failed != "" {
		add("failed: %s", f.Failed)
	}
	side := func(s RelationInfo) string {
		switch {
		case !s.Exists:
			return "none"
		case s.Rows == nil:
			return s.Kind
		case s.Kind != "table":
			return fmt.Sprintf("%s of %d", s.Kind, *s.Rows)
		}
		return fmt.Sprint(*s.Rows)
	}
	add("%s/%s", side(f.A), side(f.B))
	if f.Equal != nil {
		out = append(out, map[bool]string{true: "equal", false: "not equal"}[*f.Equal])
	}
	if len(f.Holding) > 0 {
		add("%s %s", map[bool]string{true: "only by names in", false: "besides names in"}[f.OnlyNames], strings.Join(f.Holding, ", "))
	}
	if d := f.Detail; d != nil {
		add("by %s +%d -%d", d.Rung, d.Added, d.Removed)
		if d.Changed != nil {
			add("~%d", *d.Changed)
		}
		if d.Tolerated {
			add("tolerated")
		}
	}
	for _, c := range f.Columns {
		switch {
		case c.Status != report.Common:
			add("%s: %s", c.Name, c.Status)
		}
		for word, name := range map[string]string{"from": c.RenamedFrom, "to": c.RenamedTo} {
			if name != "" {
				add("%s %s", word, name)
			}
		}
		if p := c.Profile; p != nil {
			add("%d of %d", p.Distinct, *f.B.Rows-p.Nulls)
			if p.Min+p.Max != "" {
				add("from %s to %s", p.Min, p.Max)
			}
		}
		if c.Differ != nil && *c.Differ != 0 {
			add("%s~%d", c.Name, *c.Differ)
		}
		if c.Own {
			add("%s own", c.Name)
		}
		for _, d := range []*report.Distribution{c.Before, c.After} {
			if d != nil {
				add("{%s}", distribution(*d))
			}
		}
	}
	if f.Detail != nil {
		if k := f.Detail.KeyProblem; k != nil {
			add("(%s)", k.Say("A", "B"))
		}
		for _, r := range f.Detail.Sample {
			times := ""
			if r.Times > 1 {
				times = fmt.Sprintf(" %d times", r.Times)
			}
			add("<%s%s%s%s>", r.Kind, times, row(r.Baseline), row(r.Candidate))
		}
	}
	for _, n := range f.Notes {
		add("[%s]", n)
	}
	return strings.Join(out, " ")
}

// row writes a row of a sample, by column name.
func row(values map[string]*string) string {
	if values == nil {
		return ""
	}
	var names []string
	for name := range values {
		names = append(names, name)
	}
	sort.Strings(names)
	for i, name := range names {
		if v := values[name]; v == nil {
			names[i] += "=NULL"
		} else {
			names[i] += "=" + shorten(*v, 60)
		}
	}
	return " " + strings.Join(names, ",")
}

// distribution writes one in a line: rows, NULLs, minimum, mean, maximum, and the bins
// that aren't empty.
func distribution(d report.Distribution) string {
	out := fmt.Sprintf("%d rows, %d NULL", d.Rows, d.Nulls)
	if d.Min != nil && d.Mean != nil && d.Max != nil {
		out += fmt.Sprintf(", %g %g %g", *d.Min, *d.Mean, *d.Max)
	}
	for i, n := range d.Bins {
		if n != 0 {
			out += fmt.Sprintf(", %d:%d", i, n)
		}
	}
	return out
}

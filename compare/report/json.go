package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"dot-for-dbt/internal/text"
)

// JSON writes a report for scripts, as docs/compare-json.md describes it. It always
// writes this dot's version of the format.
func JSON(w io.Writer, r Report) error {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(writable(r)); err != nil {
		return fmt.Errorf("write the report as JSON: %w", err)
	}
	_, err := w.Write(text.Escape(out.Bytes()))
	return err
}

// Read reads a report that JSON wrote, in this version of the format or an older one.
// It ignores unknown fields.
func Read(r io.Reader) (Report, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return Report{}, fmt.Errorf("read the report: %w", err)
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return Report{}, errors.New("read the report: it is empty: dot compare … --format json writes one")
	}
	var head struct {
		Version     *int             `json:"version"`
		Comparisons *json.RawMessage `json:"comparisons"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return Report{}, unreadable(text, err)
	}
	switch {
	case head.Version == nil || *head.Version < 1 || head.Comparisons == nil:
		return Report{}, errors.New("read the report: this is JSON, but not what dot compare … --format json writes")
	case *head.Version > Version:
		return Report{}, fmt.Errorf("read the report: its version is %d, and this dot reads versions up to %d: use the dot that wrote it, or a newer one", *head.Version, Version)
	}
	var out Report
	if err := json.Unmarshal(text, &out); err != nil {
		return Report{}, unreadable(text, err)
	}
	for _, c := range out.Comparisons {
		for _, relation := range c.Relations {
			if !slices.Contains(Verdicts, relation.Verdict) {
				return Report{}, fmt.Errorf("read the report: %s has the verdict %q, which dot doesn't know", relation.Node, relation.Verdict)
			}
		}
	}
	return out, nil
}

// unreadable adds the line at which JSON is wrong.
func unreadable(text []byte, err error) error {
	offset := int64(-1)
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		offset = syntax.Offset
	} else if kind, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		offset = kind.Offset
	}
	if offset < 0 || offset > int64(len(text)) {
		return fmt.Errorf("read the report: %w", err)
	}
	return fmt.Errorf("read the report: line %d: %w", 1+bytes.Count(text[:offset], []byte("\n")), err)
}

// writable returns a copy of a report that JSON can hold: lists are never null, times
// are in UTC, and infinite numbers and NaN are left out.
func writable(r Report) Report {
	r.Version = Version
	r.Generated = r.Generated.UTC()
	r.Comparisons = append([]Comparison{}, r.Comparisons...)
	for i := range r.Comparisons {
		c := &r.Comparisons[i]
		for _, side := range []*Side{&c.Baseline, &c.Candidate} {
			side.First, side.Last = side.First.UTC(), side.Last.UTC()
		}
		c.Relations = append([]Relation{}, c.Relations...)
		if c.Upgrade != nil {
			upgrade := *c.Upgrade
			upgrade.Said = append([]Said{}, upgrade.Said...)
			c.Upgrade = &upgrade
		}
		for j := range c.Relations {
			columns := slices.Clone(c.Relations[j].Columns)
			for k := range columns {
				columns[k].Before = columns[k].Before.finite()
				columns[k].After = columns[k].After.finite()
			}
			c.Relations[j].Columns = columns
		}
	}
	return r
}

// finite returns a distribution without its infinite numbers and NaN: a column that
// holds them must not break the report.
func (d *Distribution) finite() *Distribution {
	if d == nil {
		return nil
	}
	out := *d
	for _, number := range []**float64{&out.Min, &out.Max, &out.Mean} {
		if *number != nil && (math.IsInf(**number, 0) || math.IsNaN(**number)) {
			*number = nil
		}
	}
	return &out
}

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

// JSON writes a report for scripts, as docs/compare-json.md describes it. Its
// version is this dot's, whatever r says.
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

// Read reads a report that JSON wrote, of this version or an older one. What it
// doesn't know it leaves out.
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
		return Report{}, fmt.Errorf("read the report: its version is %d, and this dot reads them up to %d: read it with the dot that wrote it, or one newer than that", *head.Version, Version)
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

// unreadable says where JSON is wrong.
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

// writable is a report as JSON can have it, the original left as it is: lists
// that are always there, times in UTC, and no number that JSON has no word for.
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

// finite is a distribution without its numbers that are not finite: a column
// that holds infinity or NaN must not cost the report.
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

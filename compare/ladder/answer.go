package ladder

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"dot-for-dbt/compare/report"
)

// answerVersion is the version of what the macros hand back.
const answerVersion = 1

// An answer is what the macros found of a pair. Rows are as the queries in
// detail.sql return them.
type answer struct {
	ID        string               `json:"id"`
	A         *answerRelation      `json:"a"`
	B         *answerRelation      `json:"b"`
	Sums      map[string][]*string `json:"sums"` // by side: rows, fingerprint
	Compared  []string             `json:"compared"`
	Undecided []string             `json:"undecided"` // columns that were left out, since whether values are the same can't be told
	Ignored   []string             `json:"ignored"`
	Notes     []string             `json:"notes"`
	Key       *answerKey           `json:"key"`
	Sampled   []string             `json:"sampled"`
	Tolerated bool                 `json:"tolerated"` // some column has a tolerance
	Join      [][]*string          `json:"join"`
	Group     [][]*string          `json:"group"`
	Spans     [][]*string          `json:"spans"`
	Bins      [][]*string          `json:"bins"`
}

// answerRelation is what the database knows of a relation.
type answerRelation struct {
	Kind     string      `json:"kind"`
	Readable bool        `json:"readable"`
	Columns  [][2]string `json:"columns"` // name, type
}

// answerKey is what is wrong with a key.
type answerKey struct {
	Problem string    `json:"problem"`
	Column  string    `json:"column"`
	Side    string    `json:"side"`
	Count   string    `json:"count"`
	Times   string    `json:"times"`
	Example []*string `json:"example"`
}

// parse reads what a model handed back of pairs.
func parse(text string, pairs []Pair) ([]answer, error) {
	var all struct {
		Version int      `json:"version"`
		Pairs   []answer `json:"pairs"`
	}
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		return nil, err
	}
	if all.Version != answerVersion {
		return nil, fmt.Errorf("expected version %d, found %d", answerVersion, all.Version)
	}
	if len(all.Pairs) != len(pairs) {
		return nil, fmt.Errorf("expected %d pairs, found %d", len(pairs), len(all.Pairs))
	}
	for i, p := range pairs {
		if all.Pairs[i].ID != p.ID {
			return nil, fmt.Errorf("expected the pair %q, found %q", p.ID, all.Pairs[i].ID)
		}
	}
	return all.Pairs, nil
}

// errMoved is that what two statements say of the same relations does not fit
// together.
var errMoved = errors.New("it changed while it was compared, or the database's hash and its idea of equality disagree: compare it again")

// fill puts what was found into a finding. An error is why the pair could not be
// compared.
func (a answer) fill(f *Finding, p Pair) error {
	f.Notes = a.Notes
	for _, side := range []struct {
		name     string
		relation *answerRelation
		into     *Side
	}{{"a", a.A, &f.A}, {"b", a.B, &f.B}} {
		if side.relation == nil {
			continue
		}
		side.into.Exists, side.into.Kind = true, side.relation.Kind
		if sums := a.Sums[side.name]; sums != nil {
			if len(sums) != 2 {
				return fmt.Errorf("expected rows and a fingerprint, found %d values", len(sums))
			}
			rows, err := number(sums[0])
			if err != nil {
				return err
			}
			side.into.Rows = &rows
		}
	}
	f.Columns = a.columns()
	for _, r := range []struct {
		relation *answerRelation
		sql      string
	}{{a.A, p.A.SQL}, {a.B, p.B.SQL}} {
		if r.relation != nil && !r.relation.Readable {
			return errors.New("permission denied: " + r.sql + " may not be read")
		}
	}
	if a.A == nil || a.B == nil || p.Depth == Columns {
		return nil
	}
	if f.A.Rows == nil || f.B.Rows == nil {
		return errors.New("its rows were not counted")
	}
	if p.Depth == Counts {
		return nil
	}
	if len(a.Compared) == 0 && len(a.Undecided) > 0 {
		return errors.New("it could not be decided whether the same is in " + strings.Join(a.Undecided, ", "))
	}
	if len(a.Compared) == 0 {
		if slices.ContainsFunc(f.Columns, func(c report.Column) bool { return c.Status == report.Ignored && c.Baseline != "" && c.Candidate != "" }) {
			return errors.New("all columns that both sides have are ignored")
		}
		f.Notes = append(f.Notes, "the sides have no column in common")
		return nil
	}
	before, after := a.Sums["a"][1], a.Sums["b"][1]
	if before == nil || after == nil {
		return errors.New("it has no fingerprint")
	}
	equal := *f.A.Rows == *f.B.Rows && *before == *after
	f.Equal = &equal
	if equal && len(a.Undecided) > 0 {
		return errors.New("it could not be decided whether the same is in " + strings.Join(a.Undecided, ", "))
	}
	if equal || p.Depth != Detail {
		return nil
	}
	return a.detail(f, p)
}

// columns are those of both sides, in b's order, then those that only a has.
func (a answer) columns() []report.Column {
	var out []report.Column
	at := map[string]int{}
	if a.B != nil {
		for _, c := range a.B.Columns {
			at[c[0]] = len(out)
			out = append(out, report.Column{Name: c[0], Status: report.ColumnAdded, Candidate: c[1]})
		}
	}
	if a.A != nil {
		for _, c := range a.A.Columns {
			i, common := at[c[0]]
			if !common {
				out = append(out, report.Column{Name: c[0], Status: report.ColumnRemoved, Baseline: c[1]})
				continue
			}
			out[i].Baseline, out[i].Status = c[1], report.Common
			if out[i].Candidate != c[1] {
				out[i].Status = report.TypeChanged
			}
		}
	}
	for i := range out {
		if slices.Contains(a.Ignored, out[i].Name) {
			out[i].Status = report.Ignored
		}
	}
	return out
}

// Where the columns' values begin in a row, after its kind and numbers.
const (
	inGroup = 3
	inJoin  = 5
)

// detail puts in what differs.
func (a answer) detail(f *Finding, p Pair) error {
	d := Details{Rung: report.ByJoin, KeyProblem: a.Key.problem(p.Key)}
	rows, values := a.Join, inJoin
	if a.Join == nil {
		d.Rung, rows, values = report.ByGroup, a.Group, inGroup
	}
	if len(rows) == 0 {
		return errors.New("nothing was handed back of what differs")
	}
	for _, row := range rows {
		if len(row) < values+len(a.Compared) || row[0] == nil {
			return fmt.Errorf("expected a row of at least %d values, found %d", values+len(a.Compared), len(row))
		}
	}
	total := rows[0]
	var n [inJoin]int64 // the row's numbers: added, removed; with a key changed, and all that are not the same
	for i := 1; i < values; i++ {
		var err error
		if n[i], err = number(total[i]); err != nil {
			return err
		}
	}
	d.Added, d.Removed = n[1], n[2]
	if d.Added-d.Removed != *f.B.Rows-*f.A.Rows {
		return errMoved
	}
	changed := d.Added + d.Removed
	if d.Rung == report.ByJoin {
		d.Changed = &n[3]
		changed += n[3]
		d.Tolerated = changed == 0 && n[4] > 0 && a.Tolerated
	}
	if changed == 0 && !d.Tolerated {
		return errMoved
	}
	if d.Rung == report.ByGroup && slices.ContainsFunc(slices.Collect(maps.Values(p.Tolerance)), func(t float64) bool { return t > 0 }) {
		f.Notes = append(f.Notes, "the tolerance was not used, since that needs a key")
	}
	for i, name := range a.Compared {
		c := column(f.Columns, name)
		if c == nil {
			return fmt.Errorf("there is no column %q", name)
		}
		value := total[values+i]
		if d.Rung == report.ByGroup {
			// The hash of a value may be 0, but then it is more of them, or fewer.
			c.Own = d.Added != d.Removed || value != nil && *value != "0"
			continue
		}
		differ, err := number(value)
		if err != nil {
			return err
		}
		c.Differ = &differ
	}
	sample, err := a.sample(rows[1:], values)
	if err != nil {
		return err
	}
	d.Sample = sample
	f.Detail = &d
	return a.distributions(f)
}

// column returns the column of this name, nil if there is none.
func column(columns []report.Column, name string) *report.Column {
	i := slices.IndexFunc(columns, func(c report.Column) bool { return c.Name == name })
	if i < 0 {
		return nil
	}
	return &columns[i]
}

// sample returns the rows of the sample.
func (a answer) sample(rows [][]*string, values int) ([]report.Row, error) {
	var added, removed, changed []report.Row
	before := map[string]map[string]*string{}
	var after [][]*string
	for _, row := range rows {
		if len(row) < values+len(a.Sampled) || row[1] == nil {
			return nil, errors.New("a row of the sample is too short")
		}
		content := a.content(row[values:])
		switch kind := *row[0]; kind {
		case "before":
			before[*row[1]] = content
		case "after":
			after = append(after, row)
		case "added", "removed":
			r := report.Row{Kind: report.RowKind(kind)}
			if values == inGroup {
				times, err := number(row[1])
				if err != nil {
					return nil, err
				}
				r.Times = times
			}
			if kind == "added" {
				r.Candidate = content
				added = append(added, r)
			} else {
				r.Baseline = content
				removed = append(removed, r)
			}
		default:
			return nil, fmt.Errorf("there is no kind of row %q", kind)
		}
	}
	for _, row := range after {
		if b, ok := before[*row[1]]; ok {
			changed = append(changed, report.Row{Kind: report.RowChanged, Baseline: b, Candidate: a.content(row[values:])})
		}
	}
	return slices.Concat(added, removed, changed), nil
}

// longest is how many characters of a value are shown.
const longest = 1000

// content is a row by its columns' names.
func (a answer) content(values []*string) map[string]*string {
	out := map[string]*string{}
	for i, name := range a.Sampled {
		out[name] = nil
		if v := values[i]; v != nil {
			s := shorten(*v, longest)
			out[name] = &s
		}
	}
	return out
}

// distributions puts in how the values of numeric columns are distributed.
func (a answer) distributions(f *Finding) error {
	into := func(row []*string, length int) (*report.Distribution, error) {
		if len(row) != length || row[0] == nil {
			return nil, errors.New("a row of a distribution has a wrong length")
		}
		i, err := number(row[1])
		if err != nil {
			return nil, err
		}
		if i < 0 || i >= int64(len(a.Compared)) {
			return nil, fmt.Errorf("there is no column %d", i)
		}
		c := column(f.Columns, a.Compared[i])
		side := &c.Before
		if *row[0] == "b" {
			side = &c.After
		}
		if *side == nil {
			*side = &report.Distribution{}
		}
		return *side, nil
	}
	for _, row := range a.Spans {
		d, err := into(row, 7)
		if err != nil {
			return err
		}
		if d.Rows, err = number(row[2]); err != nil {
			return err
		}
		if d.Nulls, err = number(row[3]); err != nil {
			return err
		}
		d.Min, d.Max, d.Mean = real(row[4]), real(row[5]), real(row[6])
	}
	for _, row := range a.Bins {
		d, err := into(row, 4)
		if err != nil {
			return err
		}
		bin, count := real(row[2]), real(row[3])
		if bin == nil || count == nil || *bin < 0 || *bin >= bins {
			return errors.New("a part of a distribution can't be read")
		}
		if d.Bins == nil {
			d.Bins = make([]int64, bins)
		}
		d.Bins[int(*bin)] += int64(*count)
	}
	return nil
}

// bins is how many parts a distribution has.
const bins = 20

// number reads an integer that the database wrote.
func number(text *string) (int64, error) {
	if text == nil {
		return 0, errors.New("expected a number, found NULL")
	}
	n, err := strconv.ParseInt(*text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("expected a number, found %q", shorten(*text, 50))
	}
	return n, nil
}

// real reads a finite number that the database wrote; nil if it is none.
func real(text *string) *float64 {
	if text == nil {
		return nil
	}
	n, err := strconv.ParseFloat(*text, 64)
	if err != nil || math.IsInf(n, 0) || math.IsNaN(n) {
		return nil
	}
	return &n
}

package ladder

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"dot-for-dbt/compare/report"
)

// replyVersion is the version of the reply's format.
const replyVersion = 1

// A reply is the JSON that the macros return for a pair. Rows are as the queries in
// detail.sql return them.
type reply struct {
	ID        string               `json:"id"`
	A         *replyRelation       `json:"a"`
	B         *replyRelation       `json:"b"`
	Sums      map[string][]*string `json:"sums"`    // by side: rows, fingerprint
	Holding   []string             `json:"holding"` // columns with names that were replaced
	Renamed   map[string][]*string `json:"renamed"` // as sums, with the names replaced
	Compared  []string             `json:"compared"`
	Undecided []string             `json:"undecided"` // columns that were left out, since whether values are the same can't be told
	Ignored   []string             `json:"ignored"`
	Notes     []string             `json:"notes"`
	Key       *replyKey            `json:"key"`
	Sampled   []string             `json:"sampled"`
	Tolerated bool                 `json:"tolerated"` // some column has a tolerance
	Join      [][]*string          `json:"join"`
	Group     [][]*string          `json:"group"`
	Spans     [][]*string          `json:"spans"`
	Bins      [][]*string          `json:"bins"`
	Moved     [][2]string          `json:"moved"`   // columns with another name and the same values: a's, b's
	Profile   [][]*string          `json:"profile"` // by b's columns: values, different ones, smallest, largest
}

// replyRelation is the database's metadata of a relation.
type replyRelation struct {
	Kind     string      `json:"kind"`
	Readable bool        `json:"readable"`
	Columns  [][2]string `json:"columns"` // name, type
}

// replyKey says what is wrong with a key.
type replyKey struct {
	Problem string    `json:"problem"`
	Column  string    `json:"column"`
	Side    string    `json:"side"`
	Count   string    `json:"count"`
	Times   string    `json:"times"`
	Example []*string `json:"example"`
}

// parse reads a model's replies about pairs.
func parse(text string, pairs []Pair) ([]reply, error) {
	var all struct {
		Version int     `json:"version"`
		Pairs   []reply `json:"pairs"`
	}
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		return nil, err
	}
	if all.Version != replyVersion {
		return nil, fmt.Errorf("expected version %d, found %d", replyVersion, all.Version)
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

// errMoved means that two statements about the same relations contradict each other.
var errMoved = errors.New("the data changed during the comparison, or the database's hash and equality disagree: compare it again")

// fill copies the reply into the answer. An error says why the pair could not be
// compared.
func (r reply) fill(a *Answer, p Pair) error {
	a.Notes = r.Notes
	for _, side := range []struct {
		name     string
		relation *replyRelation
		into     *RelationInfo
	}{{"a", r.A, &a.A}, {"b", r.B, &a.B}} {
		if side.relation == nil {
			continue
		}
		side.into.Exists, side.into.Kind = true, side.relation.Kind
		if sums := r.Sums[side.name]; sums != nil {
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
	a.Columns = r.columns()
	for _, side := range []struct {
		relation *replyRelation
		sql      string
	}{{r.A, p.A.SQL}, {r.B, p.B.SQL}} {
		if side.relation != nil && !side.relation.Readable {
			return errors.New("permission denied: " + side.sql + " may not be read")
		}
	}
	if p.Depth == Profile && r.B != nil {
		return r.profile(a)
	}
	if r.A == nil || r.B == nil || p.Depth == Columns {
		return nil
	}
	if a.A.Rows == nil || a.B.Rows == nil {
		return errors.New("the rows were not counted")
	}
	if p.Depth == Counts {
		return nil
	}
	if len(r.Compared) == 0 && len(r.Undecided) > 0 {
		return r.undecided()
	}
	if len(r.Compared) == 0 {
		if slices.ContainsFunc(a.Columns, func(c report.Column) bool { return c.Status == report.Ignored && c.Baseline != "" && c.Candidate != "" }) {
			return errors.New("all columns that both sides have are ignored")
		}
		a.Notes = append(a.Notes, "the sides have no column in common")
		return nil
	}
	before, after := r.Sums["a"][1], r.Sums["b"][1]
	if before == nil || after == nil {
		return errors.New("the fingerprint is missing")
	}
	equal := *a.A.Rows == *a.B.Rows && *before == *after
	a.Equal = &equal
	if equal && len(r.Undecided) > 0 {
		return r.undecided()
	}
	if equal {
		return nil
	}
	a.Holding = r.Holding
	if len(r.Holding) > 0 {
		if a.OnlyNames = reflect.DeepEqual(r.Renamed["a"], r.Renamed["b"]); a.OnlyNames {
			return r.onlyNames(*a)
		}
	}
	if p.Depth != Detail {
		return nil
	}
	return r.detail(a, p)
}

// onlyNames returns an error if the fingerprints without names contradict the others.
func (r reply) onlyNames(a Answer) error {
	sums := r.Renamed["a"]
	if len(sums) != 2 || sums[1] == nil {
		return errors.New("the fingerprint is missing")
	}
	rows, err := number(sums[0])
	switch {
	case err != nil:
		return err
	case rows != *a.A.Rows || rows != *a.B.Rows:
		return errMoved
	case len(r.Undecided) > 0:
		return r.undecided()
	}
	return nil
}

// undecided says which columns can't be compared.
func (r reply) undecided() error {
	return errors.New("can't tell whether the values are equal in " + strings.Join(r.Undecided, ", "))
}

// columns returns the columns of both sides in b's order, then those that only a has.
func (r reply) columns() []report.Column {
	var out []report.Column
	at := map[string]int{}
	if r.B != nil {
		for _, c := range r.B.Columns {
			at[c[0]] = len(out)
			out = append(out, report.Column{Name: c[0], Status: report.ColumnAdded, Candidate: c[1]})
		}
	}
	if r.A != nil {
		for _, c := range r.A.Columns {
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
		if slices.Contains(r.Ignored, out[i].Name) {
			out[i].Status = report.Ignored
		}
		for _, names := range r.Moved {
			switch {
			case out[i].Status == report.ColumnRemoved && out[i].Name == names[0]:
				out[i].RenamedTo = names[1]
			case out[i].Status == report.ColumnAdded && out[i].Name == names[1]:
				out[i].RenamedFrom = names[0]
			}
		}
	}
	return out
}

// The index of the first column's value in a row. Kind and numbers come before it.
const (
	inGroup = 3
	inJoin  = 5
)

// detail copies the differences into the answer.
func (r reply) detail(a *Answer, p Pair) error {
	d := Details{Rung: report.ByJoin, KeyProblem: r.Key.problem(p.Key)}
	rows, values := r.Join, inJoin
	if r.Join == nil {
		d.Rung, rows, values = report.ByGroup, r.Group, inGroup
	}
	if len(rows) == 0 {
		return errors.New("the fingerprints differ, but no details were returned")
	}
	for _, row := range rows {
		if len(row) < values+len(r.Compared) || row[0] == nil {
			return fmt.Errorf("expected a row of at least %d values, found %d", values+len(r.Compared), len(row))
		}
	}
	total := rows[0]
	var n [inJoin]int64 // from index 1 on: added, removed; with a key also changed, and all that differ
	for i := 1; i < values; i++ {
		var err error
		if n[i], err = number(total[i]); err != nil {
			return err
		}
	}
	d.Added, d.Removed = n[1], n[2]
	if d.Added-d.Removed != *a.B.Rows-*a.A.Rows {
		return errMoved
	}
	changed := d.Added + d.Removed
	if d.Rung == report.ByJoin {
		d.Changed = &n[3]
		changed += n[3]
		d.Tolerated = changed == 0 && n[4] > 0 && r.Tolerated
	}
	if changed == 0 && !d.Tolerated {
		return errMoved
	}
	if d.Rung == report.ByGroup && slices.ContainsFunc(slices.Collect(maps.Values(p.Tolerance)), func(t float64) bool { return t > 0 }) {
		a.Notes = append(a.Notes, "the tolerance was not used: it needs a key")
	}
	for i, name := range r.Compared {
		c := column(a.Columns, name)
		if c == nil {
			return fmt.Errorf("there is no column %q", name)
		}
		value := total[values+i]
		if d.Rung == report.ByGroup {
			// A value's hash may be 0, so a sum of 0 proves nothing where the row counts differ.
			c.Own = d.Added != d.Removed || value != nil && *value != "0"
			continue
		}
		differ, err := number(value)
		if err != nil {
			return err
		}
		c.Differ = &differ
	}
	sample, err := r.sample(rows[1:], values)
	if err != nil {
		return err
	}
	d.Sample = sample
	a.Detail = &d
	return r.distributions(a)
}

// column returns the column with this name, or nil.
func column(columns []report.Column, name string) *report.Column {
	i := slices.IndexFunc(columns, func(c report.Column) bool { return c.Name == name })
	if i < 0 {
		return nil
	}
	return &columns[i]
}

// sample returns the rows of the sample.
func (r reply) sample(rows [][]*string, values int) ([]report.Row, error) {
	var added, removed, changed []report.Row
	before := map[string]map[string]*string{}
	var after [][]*string
	for _, row := range rows {
		if len(row) < values+len(r.Sampled) || row[1] == nil {
			return nil, errors.New("a row of the sample is too short")
		}
		content := r.content(row[values:])
		switch kind := *row[0]; kind {
		case "before":
			before[*row[1]] = content
		case "after":
			after = append(after, row)
		case "added", "removed":
			one := report.Row{Kind: report.RowKind(kind)}
			if values == inGroup {
				times, err := number(row[1])
				if err != nil {
					return nil, err
				}
				one.Times = times
			}
			if kind == "added" {
				one.Candidate = content
				added = append(added, one)
			} else {
				one.Baseline = content
				removed = append(removed, one)
			}
		default:
			return nil, fmt.Errorf("there is no kind of row %q", kind)
		}
	}
	for _, row := range after {
		if b, ok := before[*row[1]]; ok {
			changed = append(changed, report.Row{Kind: report.RowChanged, Baseline: b, Candidate: r.content(row[values:])})
		}
	}
	return slices.Concat(added, removed, changed), nil
}

// longest is how many characters of a value are shown.
const longest = 1000

// content returns a row's values by column name.
func (r reply) content(values []*string) map[string]*string {
	out := map[string]*string{}
	for i, name := range r.Sampled {
		out[name] = nil
		if v := values[i]; v != nil {
			s := shorten(*v, longest)
			out[name] = &s
		}
	}
	return out
}

// distributions copies the distributions of numeric columns into the answer.
func (r reply) distributions(a *Answer) error {
	into := func(row []*string, length int) (*report.Distribution, error) {
		if len(row) != length || row[0] == nil {
			return nil, errors.New("a row of a distribution has a wrong length")
		}
		i, err := number(row[1])
		if err != nil {
			return nil, err
		}
		if i < 0 || i >= int64(len(r.Compared)) {
			return nil, fmt.Errorf("there is no column %d", i)
		}
		c := column(a.Columns, r.Compared[i])
		side := &c.Before
		if *row[0] == "b" {
			side = &c.After
		}
		if *side == nil {
			*side = &report.Distribution{}
		}
		return *side, nil
	}
	for _, row := range r.Spans {
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
	for _, row := range r.Bins {
		d, err := into(row, 4)
		if err != nil {
			return err
		}
		bin, count := real(row[2]), real(row[3])
		if bin == nil || count == nil || *bin < 0 || *bin >= bins {
			return errors.New("a bin of a distribution can't be read")
		}
		if d.Bins == nil {
			d.Bins = make([]int64, bins)
		}
		d.Bins[int(*bin)] += int64(*count)
	}
	return nil
}

// profile copies the profiles of b's columns into the answer.
func (r reply) profile(a *Answer) error {
	if a.B.Rows == nil || len(r.Profile) != len(r.B.Columns) {
		return fmt.Errorf("expected the profiles of %d columns, found %d", len(r.B.Columns), len(r.Profile))
	}
	for i, row := range r.Profile {
		if len(row) != 4 {
			return errors.New("a profile has a wrong length")
		}
		values, err := number(row[0])
		if err != nil {
			return err
		}
		distinct, err := number(row[1])
		if err != nil {
			return err
		}
		if values > *a.B.Rows || distinct > values {
			return errMoved
		}
		profile := report.Profile{Nulls: *a.B.Rows - values, Distinct: distinct}
		for at, into := range map[int]*string{2: &profile.Min, 3: &profile.Max} {
			if row[at] != nil {
				*into = shorten(*row[at], longest)
			}
		}
		a.Columns[i].Profile = &profile // columns has b's first
	}
	return nil
}

// bins is how many bins a distribution has.
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

// real reads a finite number that the database wrote; anything else is nil.
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

package compare

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"dot-for-dbt/compare/code"
	"dot-for-dbt/compare/ladder"
	"dot-for-dbt/compare/report"
	"dot-for-dbt/graph"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/text"
)

// The user may name columns that no relation has: for a key, for all relations, in a condition.

// A namedColumn is a column that the command line names for all relations.
type namedColumn struct{ flag, column string }

// namedColumns returns the columns that --ignore-columns and --tolerance name. (A key belongs to
// one relation, whose verdict tells of it. The project's own settings may suit other branches.)
func (p *Program) namedColumns() []namedColumn {
	var named []namedColumn
	for _, column := range p.Request.How.Ignore {
		named = append(named, namedColumn{"ignore-columns", column})
	}
	for _, column := range slices.Sorted(maps.Keys(p.Request.How.Tolerance)) {
		if column != "" {
			named = append(named, namedColumn{"tolerance", column})
		}
	}
	return named
}

// knownColumns are the columns of a comparison's relations.
type knownColumns struct {
	names map[string]bool
	// unsure is set if a relation's columns could not be read.
	unsure bool
}

func (k *knownColumns) learn(answers []ladder.Answer) {
	for _, answer := range answers {
		k.unsure = k.unsure || answer.Failed != "" && len(answer.Columns) == 0
		for _, column := range answer.Columns {
			k.names[column.Name] = true
		}
	}
}

func (k *knownColumns) has(name string) bool {
	return hasName(slices.Collect(maps.Keys(k.names)), name)
}

// hasName reports whether a column is among others. Case doesn't count.
func hasName(columns []string, name string) bool {
	return slices.ContainsFunc(columns, func(known string) bool { return strings.EqualFold(known, name) })
}

// learnColumns collects the columns of the compared relations. If the command line names others, it
// asks for those of the relations that needed no query.
func (c *comparison) learnColumns(ctx context.Context, attempt *graph.Attempt, v *verdicts, answers []ladder.Answer) error {
	c.columns = knownColumns{names: map[string]bool{}}
	c.columns.learn(answers)
	if !slices.ContainsFunc(c.namedColumns(), func(n namedColumn) bool { return !c.columns.has(n.column) }) {
		return nil
	}
	batch := v.batch()
	batch.Pairs = nil
	for _, n := range v.nodes {
		if v.relations[n.ID] != nil && answerOf(answers, n.ID) < 0 {
			batch.Pairs = append(batch.Pairs, ladder.Pair{ID: n.ID, A: relation(n.A), B: relation(n.B), Depth: ladder.Columns})
		}
	}
	if len(batch.Pairs) == 0 {
		return nil
	}
	batch.Database, batch.Schema = batch.Pairs[0].B.Database, batch.Pairs[0].B.Schema
	others, err := c.attempt(ctx, attempt, batch, v)
	c.columns.learn(others)
	return err
}

// CheckColumns returns an error if the command line names a column that no relation of the
// comparisons has.
func (p *Program) CheckColumns() error {
	all := knownColumns{names: map[string]bool{}}
	for _, c := range p.comparisons {
		all.unsure = all.unsure || !c.done || c.columns.unsure
		maps.Copy(all.names, c.columns.names)
	}
	if all.unsure || len(all.names) == 0 {
		return nil
	}
	for _, n := range p.namedColumns() {
		if !all.has(n.column) {
			return hint.New(fmt.Sprintf("--%s %s: no compared relation has that column", n.flag, n.column),
				"they have "+text.Visible(strings.Join(slices.Sorted(maps.Keys(all.names)), ", ")))
		}
	}
	return nil
}

// missingKey says that a key of the command line has a column that a side lacks, and which
// there are; "" if not. A key of the project is only advice: the rows are then compared
// without it.
func (v *verdicts) missingKey(n code.Node, columns []report.Column) string {
	key, from := v.key(n)
	if from != "--key" || len(columns) == 0 {
		return ""
	}
	var names []string
	for _, column := range columns {
		if column.Baseline != "" && column.Candidate != "" {
			names = append(names, column.Name)
		}
	}
	for _, name := range key {
		if !hasName(names, name) {
			return fmt.Sprintf("--key: both sides have no column %s, but %s", name, strings.Join(names, ", "))
		}
	}
	return ""
}

// failed returns the message of an answer that failed, with the columns that a condition could
// have named.
func (v *verdicts) failed(answer ladder.Answer) string {
	if v.how.Where == "" || len(answer.Columns) == 0 {
		return answer.Failed
	}
	var names []string
	for _, column := range answer.Columns {
		names = append(names, column.Name)
	}
	return answer.Failed + "; columns: " + strings.Join(names, ", ")
}

//go:build unix

package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"dot-for-dbt/test/bench/measure"
)

// logger is a dbt that logs its queries.
const logger = `#!/bin/sh
exec "$BENCH_DBT" "$@" --log-level-file debug --log-path "$BENCH_LOG"
`

// fingerprint returns the SQL with which dot compare takes the fingerprints of the only pair of the
// study: a select for each side.
func (s *study) fingerprint() (string, error) {
	dbt, err := exec.LookPath(filepath.Join(s.b.venv, "bin", "dbt"))
	if err != nil {
		return "", err
	}
	wrapper, logs := filepath.Join(s.dir, "dbt"), filepath.Join(s.dir, "dbt-log")
	if err := os.WriteFile(wrapper, []byte(logger), 0o755); err != nil {
		return "", err
	}
	if _, err := s.Output("DOT_DBT="+wrapper, "BENCH_DBT="+dbt, "BENCH_LOG="+logs, "dot", "compare", "prod@base", "prod@change", "--all"); err != nil {
		return "", err
	}
	text, err := os.ReadFile(filepath.Join(logs, "dbt.log"))
	if err != nil {
		return "", err
	}
	var sides []string
	for line := range strings.Lines(string(text)) {
		if strings.Contains(line, " as fingerprint from ") {
			sides = append(sides, line[strings.Index(line, "select "):])
		}
	}
	if len(sides) != 2 {
		return "", fmt.Errorf("%d lines of dbt's log take a fingerprint, expected one a side", len(sides))
	}
	return sides[0] + " union all " + sides[1], nil
}

// scan returns SQL that computes an aggregate of every column of both sides. With an empty figure,
// it makes the database read the columns and do as little as possible with them.
func (s *study) scan(figure string) (string, error) {
	if figure == "" {
		figure = "count" // counts values that are not NULL: each row must be decoded
		if s.w.db == nil {
			figure = "last" // to count, DuckDB would not read the values
		}
	}
	var sides []string
	r := s.data.relations[0]
	for _, schema := range []string{s.base, s.change} {
		columns, err := s.w.query(s, "select column_name, data_type from information_schema.columns where table_schema = '"+schema+"' and table_name = '"+r.name+"'")
		if err != nil {
			return "", err
		}
		figures := []string{"count(*)"}
		for _, c := range columns {
			f := figure
			if f == "max" && strings.EqualFold(c[1], "boolean") {
				f = "bool_or"
			}
			figures = append(figures, f+"("+c[0]+")")
		}
		sides = append(sides, "select "+strings.Join(figures, ", ")+" from "+schema+"."+r.name)
	}
	sql := strings.Join(sides, " union all ")
	if s.w.db == nil && figure == "max" {
		// Otherwise DuckDB takes the greatest values from statistics, without reading.
		sql = "set disabled_optimizers = 'statistics_propagation'; " + sql
	}
	return sql, nil
}

// engine measures the database's time for dot's fingerprints of both sides, and for scans of all
// their columns, without dbt.
func (s *study) engine() (*measure.Table, error) {
	var sides []measure.Side
	for _, side := range []struct {
		name string
		sql  func() (string, error)
	}{
		{"scan, and nothing done with the values", func() (string, error) { return s.scan("") }},
		{"scan, and the greatest value of every column", func() (string, error) { return s.scan("max") }},
		{"fingerprint, as dot compare takes it", s.fingerprint},
	} {
		sql, err := side.sql()
		if err != nil {
			return nil, err
		}
		sides = append(sides, measure.Side{Name: side.name, Run: func() (measure.Cost, error) { return s.w.time(s, sql) }})
	}
	t, err := measure.InTurns(s.b.rounds, sides...)
	if err != nil {
		return nil, err
	}
	t.Name = "fingerprint of " + s.data.name + " on " + s.w.title
	t.Rest = []string{"The queries alone, on both sides: " + s.data.says + "."}
	for i, scan := range []string{"the scan that does nothing", "the scan for the greatest values"} {
		t.Rest = append(t.Rest, goal("Fingerprint", scan, measure.Ratio(t.Costs[2], t.Costs[i], measure.OfCPU), 2))
	}
	return t, nil
}

// ask is a program that asks DuckDB.
//
//go:embed ask.py
var ask string

// duckdb runs SQL in a separate process, and reads the result.
func (w *warehouse) duckdb(s *study, sql string) (said struct {
	Rows      [][]string
	Wall, CPU time.Duration
	Memory    int64
}, err error,
) {
	out, err := s.Output("python", "-c", ask, w.file, sql)
	if err != nil {
		return said, err
	}
	return said, json.Unmarshal([]byte(out), &said)
}

// query asks the database.
func (w *warehouse) query(s *study, sql string) ([][]string, error) {
	if w.db != nil {
		return w.db.Query(s.b.ctx, sql)
	}
	said, err := w.duckdb(s, sql)
	return said.Rows, err
}

// time runs a query twice and returns the cost of the second run: on DuckDB the first has read the
// file.
func (w *warehouse) time(s *study, sql string) (measure.Cost, error) {
	if w.db == nil {
		said, err := w.duckdb(s, sql)
		return measure.Cost{Wall: said.Wall, CPU: said.CPU, Memory: said.Memory}, err
	}
	ctx := context.WithoutCancel(s.b.ctx)
	if _, err := w.db.Query(ctx, sql); err != nil {
		return measure.Cost{}, err
	}
	before, err := w.serverCPU()
	if err != nil {
		return measure.Cost{}, err
	}
	begun := time.Now()
	_, err = w.db.Query(ctx, sql)
	wall := time.Since(begun)
	after, failed := w.serverCPU()
	return measure.Cost{Wall: wall, CPU: after - before}, errors.Join(err, failed)
}

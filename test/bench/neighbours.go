//go:build unix

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"dot-for-dbt/test/bench/measure"
)

// aModel is one of the generated models.
func aModel(i int, config, columns string) (name, text string) {
	text = fmt.Sprintf("{{ config(materialized='table'%s) }}\nselect {{ whole('n') }} as id%s from ", config, columns)
	if i == 0 {
		return "models/generated/g0.sql", text + "generate_series(1, 20000) as s(n)\n"
	}
	return fmt.Sprintf("models/generated/g%d.sql", i), text + fmt.Sprintf("(select id as n from {{ ref('g%d') }}) as upstream\n", (i-1)/3)
}

// neighbours measures builds of 8 commits. Each commit changes one thing of the same main. The builds are made
// whole, and in the three ways that build less.
func neighbours(b *bench) (*measure.Table, error) {
	s, err := b.newShop("neighbours")
	if err != nil {
		return nil, err
	}
	if _, err := s.Output("git", "checkout", "--quiet", "main"); err != nil {
		return nil, err
	}
	const models = 60
	for i := range models {
		if err := s.Write(aModel(i, "", "")); err != nil {
			return nil, err
		}
	}
	const macro = "macros/whole.sql"
	if err := s.Write(macro, "{% macro whole(column) %}{{ column }}::bigint{% endmacro %}\n"); err != nil {
		return nil, err
	}
	if err := s.Commit("Generate models"); err != nil {
		return nil, err
	}
	leaf, leafText := aModel(models-1, "", ", 1 as one")
	middle, middleText := aModel(1, "", ", 1 as one")
	renamed, renamedText := aModel(30, ", alias='thirty'", "")
	var specs []string
	for i, change := range []struct{ file, text string }{
		{leaf, leafText},
		{middle, middleText},
		{"models/generated/another.sql", "select id from {{ ref('g40') }}\n"},
		{renamed, renamedText},
		{"models/generated/schema.yml", "models: [{name: g2, description: Every third number}]\n"},
		{macro, "{# of a column #}{% macro whole(column) %}{{ column }}::bigint{% endmacro %}\n"},
		{macro, "{% macro whole(column) -%}\n{%- set type = 'bigint' -%}\n{{ column }}::{{ type }}\n{%- endmacro %}\n"},
		{macro, "{% macro whole(column) %}{{ column }}::numeric{% endmacro %}\n"},
	} {
		branch := fmt.Sprintf("change-%d", i)
		if _, err := s.Output("git", "checkout", "--quiet", "-b", branch, "main"); err != nil {
			return nil, err
		}
		if err := s.Write(change.file, change.text); err != nil {
			return nil, err
		}
		if err := s.Commit(fmt.Sprintf("Change %d", i)); err != nil {
			return nil, err
		}
		specs = append(specs, "dev@"+branch)
	}

	server, err := b.startPostgres()
	if err != nil {
		return nil, err
	}
	defer server.Stop()
	env, err := s.usePostgres(server, func(host string) string { return host })
	if err != nil {
		return nil, err
	}
	s.Env = append(s.Env, env...)
	if _, err := s.Output("dot", "build", "prod@main"); err != nil {
		return nil, err
	}
	drop := func() error {
		if nodes, err := s.nodesBuilt("dev"); err != nil || nodes == 0 {
			return err
		}
		_, err := s.Output(append([]string{"dot", "drop", "--yes"}, specs...)...)
		return err
	}
	side := func(name string, flags ...string) measure.Side {
		words := append(append([]string{"dot", "build"}, specs...), "-j", "2", "--yes")
		var nodes int
		return measure.Side{
			Name:  name,
			Reset: drop,
			Run: func() (measure.Cost, error) {
				cost, err := measure.Timed(s.Command(append(words, flags...)...))
				if err == nil {
					nodes, err = s.nodesBuilt("dev")
				}
				return cost, err
			},
			Note: func() string { return fmt.Sprintf("dbt builds %d nodes", nodes) },
		}
	}
	t, err := measure.InTurns(b.rounds,
		side("dot build, whole"),
		side("--reuse prod@main", "--reuse", "prod@main"),
		side("--defer prod@main --modified", "--defer", "prod@main", "--modified"),
		side("--defer prod@main --modified=compiled", "--defer", "prod@main", "--modified=compiled"),
	)
	if err == nil {
		t.Rest = append(t.Rest, fmt.Sprintf("PostgreSQL, two builds at once, %d models besides the sample. Of the changes three are of one model's code, one of them new, one of a model's name, one of a description, and three of a macro that all generated models call: one of a comment, which dbt overlooks, one of its form alone, and one of what it compiles to.", models))
	}
	return t, err
}

// nodesBuilt counts the nodes that succeeded in the last run of dbt of each of an environment's builds.
func (s *shop) nodesBuilt(environment string) (nodes int, err error) {
	files, err := filepath.Glob(filepath.Join(s.Dir, ".dot", "build", "*", "env", environment, "target", "run_results.json"))
	for _, file := range files {
		var run struct{ Results []struct{ Status string } }
		text, err := os.ReadFile(file)
		if err == nil {
			err = json.Unmarshal(text, &run)
		}
		if err != nil {
			return 0, err
		}
		for _, result := range run.Results {
			if result.Status == "success" || result.Status == "pass" {
				nodes++
			}
		}
	}
	return nodes, err
}

//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"dot-for-dbt/compare/report"
	"dot-for-dbt/test/bench/project"
)

// tools are all tools, in the order of the tables. Ratios are to the first one.
var tools = []tool{
	{dotAll, func(s *study) (job, error) { return s.dot("--all") }},
	{dotAll + ", for a person", func(s *study) (job, error) {
		if s.data.name != "b" && s.data.name != "c" {
			return job{}, errOther // nothing differs that JSON would show in more detail
		}
		return job{command: func() *exec.Cmd { return s.Command("dot", "compare", "prod@base", "prod@change", "--all") }}, nil
	}},
	{"dot compare", func(s *study) (job, error) {
		if len(s.data.relations) == 1 {
			return job{}, errOther
		}
		return s.dot()
	}},
	{auditHelper, (*study).auditHelper},
	{"audit_helper's compare_relations, written anew", (*study).auditRelations},
	{sqlmesh, (*study).sqlmesh},
	{recce, (*study).recce},
	{"reladiff joindiff", (*study).reladiff},
}

// Names of the tools that have goals.
const (
	dotAll      = "dot compare --all"
	auditHelper = "audit_helper's compare_all_columns, written anew"
	sqlmesh     = "SQLMesh table_diff"
	recce       = "Recce value_diff"
)

// errOther says that the question does not apply to a tool.
var errOther = errors.New("not asked")

// dot is `dot compare`.
func (s *study) dot(flags ...string) (job, error) {
	file := filepath.Join(s.dir, "report.json")
	words := append([]string{"dot", "compare", "prod@base", "prod@change", "--format", "json", "-o", file}, flags...)
	return job{
		command: func() *exec.Cmd { return s.Command(words...) },
		read: func([]byte) (map[string]answer, error) {
			text, err := os.ReadFile(file)
			if err != nil {
				return nil, err
			}
			var r report.Report
			if err := json.Unmarshal(text, &r); err != nil {
				return nil, err
			}
			if len(r.Comparisons) != 1 {
				return nil, fmt.Errorf("%d comparisons", len(r.Comparisons))
			}
			told := map[string]answer{}
			for _, of := range r.Comparisons[0].Relations {
				told[of.Name] = dotAnswer(of)
			}
			return told, os.Remove(file)
		},
	}, nil
}

// dotAnswer returns dot's answer about a relation, nil if its verdict is unknown.
func dotAnswer(of report.Relation) answer {
	var a answer
	switch of.Verdict {
	case report.Same, report.SameCode:
		return answer{rows(0), rows(0), rows(0), map[string]int64{}}
	case report.Unknown:
		return a
	}
	if of.Changes != nil {
		a = answer{&of.Changes.Added, &of.Changes.Removed, of.Changes.Changed, nil}
	}
	for _, c := range of.Columns {
		if c.Differ != nil {
			if a.columns == nil {
				a.columns = map[string]int64{}
			}
			a.columns[c.Name] = *c.Differ
		}
	}
	return a
}

// audit_helper is not in a package registry. These macros ask the same as its macros of the same
// names, in the same way: a full join on the key for each column, all in one statement; and sets of
// rows that only one side has.
const auditMacros = `{% macro compare_all_columns(a, b, names, key) %}
  {% for name in names %}
    {% set one = api.Relation.create(database=target.database, schema=a, identifier=name) %}
    {% set other = api.Relation.create(database=target.database, schema=b, identifier=name) %}
    {% set sql %}
      with every as (
        {% for column in adapter.get_columns_in_relation(one) %}
        {% if not loop.first %}union all{% endif %}
        (
          with x as (select * from {{ one }}), y as (select * from {{ other }})
          select
            coalesce(x.{{ key }}, y.{{ key }}) as row_key,
            '{{ column.name }}' as name,
            x.{{ column.quoted }} = y.{{ column.quoted }} as is_equal,
            x.{{ column.quoted }} is null as a_is_null,
            y.{{ column.quoted }} is null as b_is_null,
            x.{{ key }} is null as only_b,
            y.{{ key }} is null as only_a,
            x.{{ column.quoted }} <> y.{{ column.quoted }} as is_unequal
          from x full outer join y on x.{{ key }} = y.{{ key }}
        )
        {% endfor %}
      )
      select
        name,
        sum(case when is_equal then 1 else 0 end),
        sum(case when a_is_null then 1 else 0 end),
        sum(case when b_is_null then 1 else 0 end),
        sum(case when only_b then 1 else 0 end),
        sum(case when only_a then 1 else 0 end),
        sum(case when is_unequal then 1 else 0 end)
      from every
      group by name
    {% endset %}
    {% for row in run_query(sql) %}
      {% do print(tojson({'relation': name, 'column': row[0], 'added': row[4] | int, 'removed': row[5] | int, 'differ': row[6] | int})) %}
    {% endfor %}
  {% endfor %}
{% endmacro %}

{% macro compare_relations(a, b, names) %}
  {% for name in names %}
    {% set one = api.Relation.create(database=target.database, schema=a, identifier=name) %}
    {% set other = api.Relation.create(database=target.database, schema=b, identifier=name) %}
    {% set sql %}
      with x as (select * from {{ one }}), y as (select * from {{ other }}),
      every as (
        select true as in_a, true as in_b from (select * from x intersect select * from y) as both_sides
        union all
        select true, false from (select * from x except select * from y) as only_a
        union all
        select false, true from (select * from y except select * from x) as only_b
      )
      select
        sum(case when in_b and not in_a then 1 else 0 end),
        sum(case when in_a and not in_b then 1 else 0 end),
        sum(case when in_a and in_b then 1 else 0 end)
      from every
    {% endset %}
    {% for row in run_query(sql) %}
      {% do print(tojson({'relation': name, 'added': row[0] | int, 'removed': row[1] | int})) %}
    {% endfor %}
  {% endfor %}
{% endmacro %}
`

// audit calls a macro of the project with auditMacros through dbt.
func (s *study) audit(macro string, args map[string]any) (job, error) {
	p := project.Project{Dir: filepath.Join(s.dir, "audit"), Env: s.Env}
	err := errors.Join(
		p.Write("dbt_project.yml", "name: audit\nversion: '1.0'\nprofile: bench\nflags: {send_anonymous_usage_stats: false}\n"),
		p.Write("profiles.yml", s.w.profile(s.change)),
		p.Write("macros/audit.sql", auditMacros),
	)
	if err != nil {
		return job{}, err
	}
	args["a"], args["b"] = s.base, s.change
	var names []string
	for _, r := range s.data.relations {
		names = append(names, r.name)
	}
	args["names"] = names
	text, err := json.Marshal(args)
	if err != nil {
		return job{}, err
	}
	return job{
		command: func() *exec.Cmd {
			return p.Command("dbt", "--quiet", "run-operation", macro, "--profiles-dir", ".", "--args", string(text))
		},
		read: func(stdout []byte) (map[string]answer, error) {
			told := map[string]answer{}
			for line := range bytes.Lines(stdout) {
				var said struct {
					Relation, Column       string
					Added, Removed, Differ int64
				}
				if err := json.Unmarshal(line, &said); err != nil {
					return nil, err
				}
				a := answer{added: &said.Added, removed: &said.Removed, columns: told[said.Relation].columns}
				if said.Column != "" {
					if a.columns == nil {
						a.columns = map[string]int64{}
					}
					a.columns[said.Column] = said.Differ
				}
				told[said.Relation] = a
			}
			return told, nil
		},
	}, nil
}

func (s *study) auditHelper() (job, error) {
	return s.audit("compare_all_columns", map[string]any{"key": s.data.key})
}

// auditRelations is for data without a key.
func (s *study) auditRelations() (job, error) {
	if s.data.unique {
		return job{}, errOther
	}
	return s.audit("compare_relations", map[string]any{})
}

// peer returns the program of a tool that has a separate virtual environment.
func (s *study) peer(name string) (string, error) {
	program := filepath.Join(s.b.root, ".venv", "peer-"+name, "bin", name)
	if _, err := os.Stat(program); err != nil {
		return "", errors.New("it is not installed")
	}
	return program, nil
}

// one returns the relation of a data set that has only one.
func (s *study) one() (relation, error) {
	if len(s.data.relations) > 1 {
		return relation{}, errors.New("it has no call for many relations")
	}
	return s.data.relations[0], nil
}

// copyFile lets DuckDB copy all of a file into one that version 1.2 and later can read.
const copyFile = `
import sys, duckdb
to = duckdb.connect()
to.execute(f"attach '{sys.argv[1]}' as old (read_only)")
to.execute(f"attach '{sys.argv[2]}' as new (storage_version 'v1.2.0')")
to.execute("copy from database old to new")
`

func (s *study) sqlmesh() (job, error) {
	program, err := s.peer("sqlmesh")
	if err != nil {
		return job{}, err
	}
	r, err := s.one()
	if err != nil {
		return job{}, err
	}
	p := project.Project{Dir: filepath.Join(s.dir, "sqlmesh"), Env: s.Env}
	connection := ""
	if s.w.db == nil {
		file := filepath.Join(s.dir, "sqlmesh.duckdb")
		if _, err := s.Output("python", "-c", copyFile, s.w.file, file); err != nil {
			return job{}, err
		}
		connection = fmt.Sprintf("{type: duckdb, database: %s}", file)
	} else {
		connection = fmt.Sprintf("{type: postgres, host: %s, port: 5432, user: %s, password: %s, database: %s}", s.w.db.Host, s.w.db.User, s.w.db.Password, s.w.db.Name)
	}
	err = errors.Join(
		p.Write("config.yaml", "gateways:\n  bench:\n    connection: "+connection+"\ndefault_gateway: bench\ndisable_anonymized_analytics: true\nmodel_defaults: {dialect: "+s.w.adapter+"}\n"),
		p.Write("models/nothing.sql", "MODEL (name bench.nothing, kind FULL);\nselect 1 as id\n"), // it wants a model
	)
	if err != nil {
		return job{}, err
	}
	return job{
		command: func() *exec.Cmd {
			return p.Command("COLUMNS=200", program, "table_diff", s.base+"."+r.name+":"+s.change+"."+r.name, "--on", s.data.key)
		},
		read: func(stdout []byte) (map[string]answer, error) {
			// Percentages of columns are rounded, so they give no exact count.
			base, change := strings.ToUpper(s.base+"."+r.name), strings.ToUpper(s.change+"."+r.name)
			return figures(r, strings.ToUpper(string(stdout)), base+" ONLY: ", change+" ONLY: ", "PARTIAL MATCH: ", "FULL MATCH: ")
		},
	}, nil
}

// figures reads the numbers after some words in a text: rows that were removed, added or changed. A
// missing line means 0, but the last one must be there.
func figures(r relation, text string, removed, added, changed, always string) (map[string]answer, error) {
	find := func(word string) (*int64, error) {
		m := regexp.MustCompile(regexp.QuoteMeta(word) + `(\d+)`).FindStringSubmatch(text)
		if m == nil {
			return rows(0), nil
		}
		n, err := strconv.ParseInt(m[1], 10, 64)
		return &n, err
	}
	if !strings.Contains(text, always) {
		return nil, fmt.Errorf("it printed no line with %q", strings.TrimSuffix(always, ": "))
	}
	var a answer
	var errs [3]error
	a.removed, errs[0] = find(removed)
	a.added, errs[1] = find(added)
	a.changed, errs[2] = find(changed)
	return map[string]answer{r.name: a}, errors.Join(errs[:]...)
}

func (s *study) recce() (job, error) {
	program, err := s.peer("recce")
	if err != nil {
		return job{}, err
	}
	if s.w.db != nil {
		return job{}, errors.New("it is measured on DuckDB only")
	}
	p := project.Project{Dir: filepath.Join(s.dir, "recce")}
	p.Env = append(s.Env[:len(s.Env):len(s.Env)], "PATH="+filepath.Dir(program)+string(filepath.ListSeparator)+os.Getenv("PATH"), "DBT_PROFILES_DIR=.",
		"HTTPS_PROXY=http://127.0.0.1:9") // nothing listens there: otherwise it would report its errors and wait for an answer
	home := project.Project{Dir: s.dir}
	checks := "checks:\n"
	for _, r := range s.data.relations {
		checks += fmt.Sprintf("  - name: %s\n    type: value_diff\n    params: {model: %s, primary_key: %s}\n", r.name, r.name, s.data.key)
	}
	if err := home.Write(".recce/profile.yml", "user_id: '00000000000000000000000000000000'\nanonymous_tracking: false\n"); err != nil {
		return job{}, err
	}
	for _, side := range []struct{ tag, schema, target string }{{"base", s.base, "target-base"}, {"change", s.change, "target"}} {
		words := []string{"git", "-C", p.Dir, "checkout", "--quiet", "--force", side.tag}
		if side.tag == "base" {
			words = []string{"git", "worktree", "add", "--quiet", "--detach", p.Dir, "base"}
		}
		if _, err := s.Output(words...); err != nil {
			return job{}, err
		}
		if err := errors.Join(p.Write("profiles.yml", s.w.profile(s.change, s.base)), p.Write("recce.yml", checks)); err != nil {
			return job{}, err
		}
		if _, err := p.Output("dbt", "--quiet", "docs", "generate", "--target", side.schema, "--target-path", side.target); err != nil {
			return job{}, err
		}
	}
	return job{
		command: func() *exec.Cmd { return p.Command(program, "run", "--output", "state.json") },
		read: func([]byte) (map[string]answer, error) {
			text, err := os.ReadFile(filepath.Join(p.Dir, "state.json"))
			if err != nil {
				return nil, err
			}
			return recceAnswers(text)
		},
	}, nil
}

// recceAnswers reads a state file of Recce.
func recceAnswers(text []byte) (map[string]answer, error) {
	var state struct {
		Runs []struct {
			Params struct{ Model string }
			Status string
			Error  string
			Result struct {
				Summary struct{ Total, Added, Removed int64 }
				Data    struct{ Data [][]string }
			}
		}
	}
	if err := json.Unmarshal(text, &state); err != nil {
		return nil, err
	}
	told := map[string]answer{}
	for _, run := range state.Runs {
		if run.Status != "Finished" {
			return nil, fmt.Errorf("%s: %s", run.Status, strings.Split(run.Error, ". ")[0])
		}
		sum := run.Result.Summary
		a := answer{&sum.Added, &sum.Removed, nil, map[string]int64{}}
		for _, row := range run.Result.Data.Data {
			if len(row) < 2 {
				return nil, fmt.Errorf("%s: a row %q", run.Params.Model, row)
			}
			matched, err := strconv.ParseInt(row[1], 10, 64)
			if err != nil {
				return nil, err
			}
			a.columns[row[0]] = sum.Total - sum.Added - sum.Removed - matched
		}
		told[run.Params.Model] = a
	}
	return told, nil
}

func (s *study) reladiff() (job, error) {
	program, err := s.peer("reladiff")
	if err != nil {
		return job{}, err
	}
	r, err := s.one()
	if err != nil {
		return job{}, err
	}
	p := project.Project{Dir: filepath.Join(s.dir, "reladiff"), Env: s.Env}
	database := fmt.Sprintf("driver = \"duckdb\"\nfilepath = %q\n", s.w.file)
	if s.w.db != nil {
		database = fmt.Sprintf("driver = \"postgresql\"\nhost = %q\nport = 5432\nuser = %q\npassword = %q\ndatabase = %q\n", s.w.db.Host, s.w.db.User, s.w.db.Password, s.w.db.Name)
	}
	run := fmt.Sprintf("[run.bench]\n1.database = \"bench\"\n1.table = %q\n2.database = \"bench\"\n2.table = %q\n", s.base+"."+r.name, s.change+"."+r.name)
	if err := p.Write("bench.toml", "[database.bench]\n"+database+"\n"+run); err != nil {
		return job{}, err
	}
	return job{
		command: func() *exec.Cmd {
			return p.Command(program, "--conf", "bench.toml", "--run", "bench", "-k", s.data.key, "-c", "%", "-a", "joindiff", "-s")
		},
		read: func(stdout []byte) (map[string]answer, error) {
			// The number precedes the words.
			text := regexp.MustCompile(`(?m)^(\d+) (rows .*)$`).ReplaceAllString(string(stdout), "$2: $1")
			return figures(r, text, "rows exclusive to table A (not present in B): ", "rows exclusive to table B (not present in A): ", "rows updated: ", "rows unchanged: ")
		},
	}, nil
}

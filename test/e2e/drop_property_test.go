//go:build unix

package e2e

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// dropped is a build that TestDropNothingElse may drop.
type dropped struct {
	spec, name string
	schemas    []string
	restsOn    string // the name of another one
}

// A litter is something that lies in the warehouse when builds are dropped.
type litter struct {
	sql []string
	// strange makes its schema's build stay; reads: so does what reads a schema, unless the reader's
	// own schema (in) goes, too.
	strange, unmarked string
	reads, in         string
}

// TestDropNothingElse proves A.11: it makes random schemas and relations around four builds, drops some of them with
// random flags or, by their marks, from a fresh clone, and kills dot at random moments. Nothing but the builds that may go is ever gone, and
// these are gone in the end. DOT_TEST_DROPS is the number of cases, DOT_TEST_SEED the first one's seed.
func TestDropNothingElse(t *testing.T) {
	onBoth(t, "duckdb", func(t *testing.T, adapter string) {
		s := newStall(t, adapter, map[string]string{"models/apart.sql": "{{ config(schema='apart') }}\nselect * from {{ ref('cheap') }}\n"})
		s.useV2() // which starts quickly
		first := s.head()
		s.mustDot("build", "prod@HEAD")
		s.write("models/cheap.sql", "select fruit, cents from {{ ref('prices') }} where cents < 100\n")
		second := s.commit("Cheaper")
		s.mustDot("build", "dev@HEAD", "--defer", "prod@"+first, "--modified")
		s.mustDot("build", "prod@HEAD", "dev@"+first)
		builds := []dropped{
			{"prod@" + first, "prod@" + first, []string{"prod_" + first, "prod_" + first + "_apart"}, ""},
			{"dev@HEAD", "dev@" + second, []string{"dev_" + second, "dev_" + second + "_apart"}, "prod@" + first},
			{"prod@HEAD", "prod@" + second, []string{"prod_" + second, "prod_" + second + "_apart"}, ""},
			{"dev@" + first, "dev@" + first, []string{"dev_" + first, "dev_" + first + "_apart"}, ""},
		}
		restore := s.save()
		seed := number(t, "DOT_TEST_SEED", uint64(time.Now().UnixNano()))
		for i := range number(t, "DOT_TEST_DROPS", 3) {
			d := &dropCase{shop: s, adapter: adapter, seed: seed + i, random: rand.New(rand.NewPCG(seed+i, 0)), builds: builds}
			restore()
			d.run()
			if t.Failed() {
				t.Fatalf("repeat: DOT_TEST_SEED=%d", seed+i)
			}
		}
	})
}

type dropCase struct {
	*shop
	adapter string
	seed    uint64
	random  *rand.Rand
	builds  []dropped
	litter  []litter
}

func (d *dropCase) run() {
	d.t.Helper()
	d.execute("create schema bi")
	for i := range d.random.IntN(4) {
		l := d.make(i)
		for _, sql := range l.sql {
			d.execute(sql)
		}
		d.litter = append(d.litter, l)
	}
	var specs, flags []string
	chosen := map[string]bool{}
	for _, i := range d.random.Perm(len(d.builds))[:1+d.random.IntN(len(d.builds))] {
		specs, chosen[d.builds[i].name] = append(specs, d.builds[i].spec), true
	}
	breaking := d.random.IntN(3) == 0
	if breaking {
		flags = append(flags, "--breaking")
	}
	may := d.may(chosen, breaking)
	from, args := d.shop, slices.Concat([]string{"drop", "--yes"}, flags, specs)
	goes := d.schemasOf(may)
	elsewhere := false
	switch d.random.IntN(4) {
	case 0, 1:
		elsewhere = true
		from, args = d.clone(), slices.Concat([]string{"prune", "--schemas", "--yes"}, specs)
		may, goes = nil, d.mayPrune(chosen)
	case 2:
		var kept int
		if args, kept = d.keep(); kept < 2 {
			may = d.may(map[string]bool{d.builds[0].name: true, d.builds[1].name: true, d.builds[2].name: kept < 1, d.builds[3].name: kept < 1}, false)
		} else {
			may = nil
		}
		goes = d.schemasOf(may)
	}
	slices.Sort(goes)
	before := d.objects()
	says := fmt.Sprintf("case %d: dot %s\nelsewhere: %t\nlitter %+v\nmay go: %v", d.seed, strings.Join(args, " "), elsewhere, d.litter, goes)
	if d.random.IntN(2) == 0 {
		c := from.start(args...)
		time.Sleep(time.Duration(d.random.IntN(2500)) * time.Millisecond) // the moment is random, not a condition
		c.signal(syscall.SIGKILL)
		<-c.done
		eventually(d.t, "dbt has ended", func() bool { // it goes on when dot is killed
			_, err := d.warehouse.query(d.t.Context(), "select 1 as x")
			return err == nil
		})
		from.nobodyLeft() // dot prune leaves what is in use
		d.nothingElse(before, goes, says+"\nkilled")
	}
	for range 2 { // after a kill, some are gone already
		from.dot(args...)
	}
	d.nothingElse(before, goes, says)
	after := d.objects()
	for _, b := range d.builds {
		for _, schema := range b.schemas {
			gone := !slices.ContainsFunc(after, func(o string) bool { return schemaOf(o) == schema })
			if gone != slices.Contains(goes, schema) {
				d.t.Errorf("%s\n%s: gone is %t", says, schema, gone)
			}
		}
		env, short, _ := strings.Cut(b.name, "@")
		_, err := os.Stat(filepath.Join(d.dir, ".dot", "build", short, "env", env))
		if recorded := err == nil; recorded == may[b.name] {
			d.t.Errorf("%s\n%s: recorded is %t", says, b.name, recorded)
		}
	}
}

// schemasOf is the schemas of builds.
func (d *dropCase) schemasOf(builds map[string]bool) (all []string) {
	for _, b := range d.builds {
		if builds[b.name] {
			all = append(all, b.schemas...)
		}
	}
	return all
}

// keep sets how many builds of each environment are kept, and returns a prune that follows that or has
// a number of its own, and how many it leaves. The two builds that were made last are the last of builds.
func (d *dropCase) keep() (args []string, kept int) {
	kept, asked := d.random.IntN(3), d.random.IntN(3)
	d.write("dot_environments.yml", fmt.Sprintf("environment: {default: dev, all: {dot: {keep: {last: %d}}}, dev: {}, prod: {}}\n", kept))
	args = []string{"prune", "--yes"}
	switch d.random.IntN(3) {
	case 0: // a rule narrows
		return append(args, "--keep", fmt.Sprint(asked)), max(kept, asked)
	case 1:
		return append(args, "--keep", fmt.Sprint(asked), "--ignore-keep"), asked
	}
	return args, kept
}

// clone returns a fresh clone of the project, with the same warehouse.
func (d *dropCase) clone() *shop {
	d.t.Helper()
	clone := *d.shop
	clone.dir = filepath.Join(d.t.TempDir(), "clone")
	d.git("clone", "--quiet", d.dir, clone.dir)
	clone.git("remote", "remove", "origin") // the project has none
	if db, ok := d.warehouse.(duckDB); ok {
		clone.env = append(slices.Clone(d.env), "SHOP_DB="+db.path)
	}
	return &clone
}

// mayPrune is the schemas that dot prune --schemas may drop from another clone, found without dot. It knows
// of a build what is marked.
func (d *dropCase) mayPrune(chosen map[string]bool) []string {
	parts := map[string][]string{}
	for _, b := range d.builds {
		for _, schema := range b.schemas {
			if chosen[b.name] && !slices.ContainsFunc(d.litter, func(l litter) bool { return l.unmarked == schema }) {
				parts[b.name] = append(parts[b.name], schema)
			}
		}
	}
	for _, b := range d.builds {
		if slices.ContainsFunc(d.litter, func(l litter) bool { return slices.Contains(parts[b.name], l.strange) }) {
			delete(parts, b.name)
		}
	}
	goes := func(schema string) bool {
		for _, schemas := range parts {
			if slices.Contains(schemas, schema) {
				return true
			}
		}
		return false
	}
	readers := slices.DeleteFunc(slices.Clone(d.litter), func(l litter) bool { return l.reads == "" })
	for _, b := range d.builds {
		readers = append(readers, litter{reads: b.schemas[0], in: b.schemas[1]})
		if b.restsOn != "" {
			readers = append(readers, litter{reads: "prod_" + strings.TrimPrefix(b.restsOn, "prod@"), in: b.schemas[0]})
		}
	}
	for changed := true; changed; {
		changed = false
		for _, l := range readers {
			for name, schemas := range parts {
				if slices.Contains(schemas, l.reads) && !goes(l.in) {
					delete(parts, name)
					changed = true
				}
			}
		}
	}
	var all []string
	for _, schemas := range parts {
		all = append(all, schemas...)
	}
	return all
}

// may is the builds that may be dropped, found without dot.
func (d *dropCase) may(chosen map[string]bool, breaking bool) map[string]bool {
	may := maps.Clone(chosen)
	for _, b := range d.builds {
		for _, l := range d.litter {
			if slices.Contains(b.schemas, l.strange) || slices.Contains(b.schemas, l.unmarked) {
				delete(may, b.name)
			}
		}
	}
	owner := func(schema string) string {
		for _, b := range d.builds {
			if slices.Contains(b.schemas, schema) {
				return b.name
			}
		}
		return ""
	}
	for changed := true; changed; {
		changed = false
		readers := []litter{}
		for _, l := range d.litter {
			if l.reads != "" {
				readers = append(readers, l)
			}
		}
		for _, b := range d.builds { // views of dev may read prod's relations
			if b.restsOn != "" {
				readers = append(readers, litter{reads: "prod_" + strings.TrimPrefix(b.restsOn, "prod@"), in: b.schemas[0]})
			}
		}
		for _, b := range d.builds {
			if !breaking && may[b.restsOn] && !may[b.name] {
				delete(may, b.restsOn)
				changed = true
			}
		}
		for _, l := range readers {
			of, in := owner(l.reads), owner(l.in)
			if may[of] && of != in && !may[in] {
				delete(may, of)
				changed = true
			}
		}
	}
	return may
}

// make makes something that a person, another program or another project may have left.
func (d *dropCase) make(i int) litter {
	b := d.builds[d.random.IntN(len(d.builds))]
	schema := b.schemas[d.random.IntN(2)]
	name := fmt.Sprintf("mine_%d", i)
	switch d.random.IntN(8) {
	case 0:
		return litter{sql: []string{"create table " + schema + "." + name + " as select 1 as x"}, strange: schema}
	case 1:
		return litter{sql: []string{"create view " + schema + "." + name + " as select 1 as x"}, strange: schema}
	case 2:
		function := "create function " + schema + "." + name + "() returns int language sql as 'select 1'"
		if d.adapter == "duckdb" {
			function = "create macro " + schema + "." + name + "() as 1"
		}
		return litter{sql: []string{function}, strange: schema}
	case 3:
		return litter{sql: d.mark(schema, ""), unmarked: schema}
	case 4:
		return litter{sql: d.mark(schema, `{"dot":1,"project":"another","commit":"abc","env":"dev","at":"2026-01-01T00:00:00Z","relations":[]}`), unmarked: schema}
	case 5: // a schema with a fitting name
		other := fmt.Sprintf("dev_%07d", i)
		return litter{sql: []string{"create schema " + other, "create table " + other + ".prices as select 1 as x"}}
	case 6: // one of another project, marked
		other := fmt.Sprintf("prod_%07d", i)
		return litter{sql: append([]string{"create schema " + other, "create table " + other + ".prices as select 1 as x"},
			d.mark(other, `{"dot":1,"project":"another","commit":"abc","env":"prod","at":"2026-01-01T00:00:00Z","relations":["prices"]}`)...)}
	default:
		first := b.schemas[0]
		relation := "cheap"
		return litter{sql: []string{"create view bi." + name + " as select * from " + first + "." + relation}, reads: first, in: "bi"}
	}
}

// mark is the SQL that replaces the mark of a schema, or removes it.
func (d *dropCase) mark(schema, text string) []string {
	if d.adapter == "postgres" {
		return []string{"comment on schema " + schema + " is '" + text + "'"}
	}
	sql := []string{"drop view if exists " + schema + ".dot__build"}
	if text != "" {
		sql = append(sql, "create view "+schema+".dot__build as select 1 as mark", "comment on view "+schema+".dot__build is '"+text+"'")
	}
	return sql
}

// objects are all relations of the warehouse, with dot's own, as schema.name.
func (d *dropCase) objects() []string {
	d.t.Helper()
	functions := "select nspname || '.' || proname || '()' from pg_proc join pg_namespace as n on n.oid = pronamespace where nspname not in ('pg_catalog', 'information_schema')"
	if d.adapter == "duckdb" {
		functions = "select schema_name || '.' || function_name || '()' from duckdb_functions() where not internal"
	}
	return d.rows("select table_schema || '.' || table_name from information_schema.tables where table_schema not in ('information_schema', 'pg_catalog') union all " + functions + " order by 1")
}

func schemaOf(object string) string {
	schema, _, _ := strings.Cut(object, ".")
	return schema
}

// nothingElse fails if anything is gone but the schemas that may go.
func (d *dropCase) nothingElse(before, mayGo []string, says string) {
	d.t.Helper()
	stays := func(all []string) string {
		return strings.Join(slices.DeleteFunc(slices.Clone(all), func(o string) bool { return slices.Contains(mayGo, schemaOf(o)) }), "\n")
	}
	if diff := cmp.Diff(stays(before), stays(d.objects())); diff != "" {
		d.t.Errorf("%s\nwhat has to stay (-before +after):\n%s", says, diff)
	}
}

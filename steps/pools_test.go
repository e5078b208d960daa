package steps_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"dot-for-dbt/steps"
)

// A.4: builds of an invocation take turns at a DuckDB file, at the target path of the
// working tree, and in the pools of the configuration.
func TestPools(t *testing.T) {
	b := newBench(t)
	b.replace("profiles.yml", "prod: {type: duckdb, path: shop.duckdb", "prod: {type: duckdb, path: prod.duckdb")
	b.replace("dot_environments.yml", "environment: {", "environment: {all: {dot: {pools: {warehouse: 3}}}, ")
	b.replace("dot_environments.yml", "prod: {}", "prod: {dot: {pool: warehouse, pools: {warehouse: 2}}}")
	b.specs("dev@HEAD", "ci@HEAD", "prod@HEAD", "dev", "prod")
	b.replace("dot_environments.yml", "ci: {target: dev,", `ci: {target: dev, dot: {schema-suffix: "{env}_{short}"},`)
	program, err := steps.Compile(t.Context(), b.world, b.req)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := program.Pools(7), map[string]int{"jobs": 7, "pool warehouse": 2}; !maps.Equal(got, want) {
		t.Errorf("pools %v, want %v", got, want)
	}
	users := map[string][]string{} // pool to builds
	for _, s := range program.Graph.Steps() {
		if build, ok := program.BuildOf(s.Name); ok {
			for _, pool := range s.Pools {
				name, _, _ := strings.Cut(build.Name, "@")
				if build.Schema == "" {
					name += " on the working tree"
				}
				users[pool] = append(users[pool], name)
			}
		}
	}
	var turns []string
	for _, pool := range slices.Sorted(maps.Keys(users)) {
		kind, _, _ := strings.Cut(pool, "-")
		turns = append(turns, kind+": "+strings.Join(users[pool], ", "))
	}
	slices.Sort(turns)
	want := []string{
		"duckdb: dev, ci, dev on the working tree",
		"duckdb: prod, prod on the working tree",
		"jobs: dev, ci, prod, dev on the working tree, prod on the working tree",
		"pool warehouse: prod, prod on the working tree",
		"working tree: dev on the working tree, prod on the working tree",
	}
	if !slices.Equal(turns, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(turns, "\n"), strings.Join(want, "\n"))
	}
}

//go:build unix

package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"dot-for-dbt/internal/testing/postgres"
	"dot-for-dbt/test/bench/measure"
)

// batch measures builds of 8 commits on PostgreSQL: bare dbt one after the other, and dot with two
// jobs. Both include deps.
func batch(b *bench) (*measure.Table, error) {
	s, err := b.newShop("batch")
	if err != nil {
		return nil, err
	}
	return s.batch(func(host string) string { return host })
}

// batchV2 is batch with dbt 2, which puts the socket's directory into a URL (2.0.0-alpha.4).
func batchV2(b *bench) (*measure.Table, error) {
	s, err := b.newShopV2("batch")
	if err != nil {
		return nil, err
	}
	return s.batch(url.PathEscape)
}

// batch measures the builds. host spells the server's socket for the profile.
func (s *shop) batch(host func(string) string) (*measure.Table, error) {
	b := s.b
	server, err := b.startPostgres()
	if err != nil {
		return nil, err
	}
	defer server.Stop()
	// Each run gets a new database, because builds stay in it.
	var env []string
	reset := func() error {
		if err := s.fresh(); err != nil {
			return err
		}
		for i := range 7 {
			if err := s.Write("models/marts/one_more.sql", fmt.Sprintf("select %d as n\n", i)); err != nil {
				return err
			}
			if err := s.Commit(fmt.Sprintf("Change %d", i)); err != nil {
				return err
			}
		}
		var err error
		env, err = s.usePostgres(server, host)
		return err
	}
	bare := "set -e\nfor n in 0 1 2 3 4 5 6 7; do\n" +
		"git worktree add --quiet --detach ../batch-$n HEAD~$n\n" +
		"sed \"s/schema: prod/schema: prod_$n/\" profiles.yml >../batch-$n/profiles.yml\n" +
		"(cd ../batch-$n && DBT_PROFILES_DIR=. dbt deps && DBT_PROFILES_DIR=. dbt build --target prod --vars 'currency: eur')\ndone\n"
	clear := func() error {
		left, err := filepath.Glob(s.Dir + "-*")
		for _, dir := range left {
			if err := os.RemoveAll(dir); err != nil {
				return err
			}
		}
		if err != nil {
			return err
		}
		return reset()
	}
	run := func(words ...string) func() (measure.Cost, error) {
		return func() (measure.Cost, error) {
			return measure.Timed(s.Command(append(env[:len(env):len(env)], words...)...))
		}
	}
	var specs []string
	for i := range 8 {
		specs = append(specs, fmt.Sprintf("prod@HEAD~%d", i))
	}
	dot := append(append([]string{"dot", "build"}, specs...), "-j", "2", "--yes")
	sides := []measure.Side{
		{Name: "bare dbt, one after the other", Reset: clear, Run: run("/bin/sh", "-c", bare)},
		{Name: "dot build -j 2, exec", Reset: clear, Run: run(dot...)},
	}
	if s.otherDBT { // which is so fast that dot's own share shows
		each := "set -e\nfor spec in " + strings.Join(specs, " ") + "; do dot build $spec; done\n"
		sides = append(sides, measure.Side{Name: "dot build, one after the other", Reset: clear, Run: run("/bin/sh", "-c", each)})
	}
	if b.host && !s.otherDBT {
		sides = append(sides, measure.Side{Name: "dot build -j 2, host", Reset: clear, Run: run(append([]string{"DOT_DBT_HOST="}, dot...)...)})
	}
	if b.python != "" && !s.otherDBT {
		var all strings.Builder
		all.WriteString("set -e\n")
		for _, spec := range specs {
			fmt.Fprintf(&all, "%s --disable-prompts build %s\n", filepath.Join(b.python, "bin", "dot"), spec)
		}
		sides = append(sides, measure.Side{Name: "the Python tool, one after the other", Reset: clear, Run: run("/bin/sh", "-c", all.String())})
	}
	return measure.InTurns(b.rounds, sides...)
}

// startPostgres starts a server of PostgreSQL. The caller must stop it.
func (b *bench) startPostgres() (*postgres.Server, error) {
	bin, err := postgres.FindBin(b.venv)
	if err != nil {
		return nil, err
	}
	return postgres.Start(context.Background(), bin)
}

// usePostgres gives the project a profile of a new database, and returns the variables that the profile reads.
func (s *shop) usePostgres(server *postgres.Server, host func(string) string) (env []string, err error) {
	profile, err := os.ReadFile(filepath.Join(s.b.root, "test", "e2e", "testdata", "postgres", "profiles.yml"))
	if err != nil {
		return nil, err
	}
	if err := s.Write("profiles.yml", string(profile)); err != nil {
		return nil, err
	}
	db, err := server.CreateDatabase(context.Background())
	if err != nil {
		return nil, err
	}
	return []string{
		"DBT_PROFILES_DIR=" + s.Dir, "SHOP_PG_HOST=" + host(db.Host), "SHOP_PG_USER=" + db.User,
		"SHOP_PG_PASSWORD=" + db.Password, "SHOP_PG_DATABASE=" + db.Name,
	}, nil
}

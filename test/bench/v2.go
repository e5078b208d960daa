//go:build unix

package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"dot-for-dbt/test/bench/measure"
)

// newShopV2 makes a shop that dbt 2 builds. DOT_TEST_V2 names its environment.
func (b *bench) newShopV2(name string) (*shop, error) {
	dir := os.Getenv("DOT_TEST_V2")
	if dir == "" {
		return nil, errors.New("DOT_TEST_V2 names no dbt 2: run make bench")
	}
	s, err := b.newShop(name)
	if err != nil {
		return nil, err
	}
	s.otherDBT = true
	bin := filepath.Join(b.dir, "bin-v2")
	if err := os.MkdirAll(bin, 0o755); err != nil {
		return nil, err
	}
	if err := os.Symlink(filepath.Join(dir, "bin", "dbt"), filepath.Join(bin, "dbt")); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, err
	}
	for i, pair := range s.Env {
		if path, ok := strings.CutPrefix(pair, "PATH="); ok {
			s.Env[i] = "PATH=" + bin + ":" + path
		}
	}
	s.Env = append(s.Env, "LD_LIBRARY_PATH="+filepath.Join(dir, "drivers"), "XDG_CACHE_HOME="+filepath.Join(dir, "cache"),
		"DBT_ALLOW_EXPERIMENTAL_ADAPTERS=true", "DBT_SEND_ANONYMOUS_USAGE_STATS=false", "DBT_DISABLE_VERSION_CHECK=1")
	return s, nil
}

// coldV2 is coldSample with dbt 2.
func coldV2(b *bench) (*measure.Table, error) {
	s, err := b.newShopV2("cold-v2")
	if err != nil {
		return nil, err
	}
	return s.cold(func() error { return nil })
}

// warmV2 measures a build that is up to date, with dbt 2.
func warmV2(b *bench) (*measure.Table, error) {
	s, err := b.newShopV2("warm-v2")
	if err != nil {
		return nil, err
	}
	if _, err := s.Output("dot", "build", "prod@HEAD"); err != nil {
		return nil, err
	}
	run := func(words ...string) func() (measure.Cost, error) {
		return func() (measure.Cost, error) { return measure.Timed(s.Command(words...)) }
	}
	return measure.InTurns(
		4*b.rounds,
		measure.Side{Name: "git rev-parse", Run: run("git", "rev-parse", "HEAD")},
		measure.Side{Name: "dot build, up to date", Run: run("dot", "build", "prod@HEAD")},
		measure.Side{Name: "dbt parse", Run: run("dbt", "parse", "--profiles-dir", ".", "--vars", "currency: eur")},
	)
}

//go:build unix

package e2e

import (
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// use gives the shop a dbt of this generation.
func (s *shop) use(dbt generation) {
	s.t.Helper()
	if dbt == 2 {
		s.useV2()
	}
}

// useV2 replaces the shop's dbt by dbt 2, whose environment DOT_TEST_V2 names. Without it, the test is
// skipped: dbt 2 and its drivers were only tried on Linux with x86-64.
func (s *shop) useV2() {
	s.t.Helper()
	program, err := v2Program()
	if err != nil {
		s.t.Fatal(err)
	}
	s.plain = filepath.Join(s.v2(), "bin", "dbt")
	s.setenv("SHOP_DBT2=" + s.plain)
	dbt := filepath.Join(s.bin, "dbt")
	if err := os.Remove(dbt); err != nil {
		s.t.Fatal(err)
	}
	if err := os.Symlink(program, dbt); err != nil {
		s.t.Fatal(err)
	}
	// dbt 1 ignores an empty one, dbt 2 refuses it.
	if name := "DBT_PROFILES_DIR="; slices.Contains(s.env, name) {
		s.env = slices.DeleteFunc(s.env, func(v string) bool { return strings.HasPrefix(v, name) })
	}
	if db, ok := s.warehouse.(postgresDB); ok { // dbt 2 puts the socket's directory into a URL
		s.setenv("SHOP_PG_HOST=" + url.PathEscape(db.Host))
	}
}

// v2 sets the environment that dbt 2 needs, and returns the path of its virtual environment.
func (s *shop) v2() string {
	s.t.Helper()
	dir := v2Venv()
	if dir == "" {
		s.t.Skip("DOT_TEST_V2 names no dbt 2 with drivers: run make test")
	}
	s.setenv("LD_LIBRARY_PATH="+filepath.Join(dir, "drivers"), "XDG_CACHE_HOME="+filepath.Join(dir, "cache"),
		"DBT_ALLOW_EXPERIMENTAL_ADAPTERS=true", "DBT_SEND_ANONYMOUS_USAGE_STATS=false", "DBT_DISABLE_VERSION_CHECK=1")
	return dir
}

// v2Venv is the virtual environment of dbt 2 with its drivers, "" if there is none.
func v2Venv() string {
	dir := os.Getenv("DOT_TEST_V2")
	if _, err := os.Stat(filepath.Join(dir, "drivers", "libduckdb.so")); dir == "" || err != nil {
		return ""
	}
	return dir
}

//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"dot-for-dbt/internal/testing/postgres"
)

// A warehouse is a database for one data set.
type warehouse struct {
	title   string // for people
	adapter string
	env     []string // variables for the profile
	output  string   // the output in the profile, without the schema; indented
	file    string   // DuckDB's
	db      *postgres.Database
}

// newDuckDB returns a warehouse in a file in dir.
func newDuckDB(dir string) *warehouse {
	file := filepath.Join(dir, "bench.duckdb")
	return &warehouse{
		title: "DuckDB", adapter: "duckdb", file: file, env: []string{"BENCH_DB=" + file},
		output: "      type: duckdb\n      path: \"{{ env_var('BENCH_DB') }}\"\n      threads: 4\n",
	}
}

// newPostgres returns a warehouse in a new database of a server.
func newPostgres(server *postgres.Server) (*warehouse, error) {
	db, err := server.CreateDatabase(context.Background())
	if err != nil {
		return nil, err
	}
	// As in a warehouse, rather than on a server that shares a small machine.
	if _, err := db.Query(context.Background(), "alter database "+db.Name+" set work_mem = '256MB'"); err != nil {
		return nil, err
	}
	return &warehouse{
		title: "PostgreSQL", adapter: "postgres", db: db,
		env: []string{"BENCH_HOST=" + db.Host, "BENCH_USER=" + db.User, "BENCH_PASSWORD=" + db.Password, "BENCH_DATABASE=" + db.Name},
		output: "      type: postgres\n      host: \"{{ env_var('BENCH_HOST') }}\"\n      port: 5432\n      user: \"{{ env_var('BENCH_USER') }}\"\n" +
			"      password: \"{{ env_var('BENCH_PASSWORD') }}\"\n      dbname: \"{{ env_var('BENCH_DATABASE') }}\"\n      threads: 4\n",
	}, nil
}

// profile returns a dbt profile with an output for each schema; the first is the default.
func (w *warehouse) profile(schemas ...string) string {
	out := "bench:\n  target: " + schemas[0] + "\n  outputs:\n"
	for _, schema := range schemas {
		out += "    " + schema + ":\n      schema: " + schema + "\n" + w.output
	}
	return out
}

// settle makes the database do its background work now.
func (w *warehouse) settle() error {
	if w.db == nil {
		return nil
	}
	_, err := w.db.Query(context.Background(), "vacuum analyze")
	return err
}

// serverCPU returns the CPU time that the server has used so far. Not every system tells it.
func (w *warehouse) serverCPU() (time.Duration, error) {
	if w.db == nil {
		return 0, nil
	}
	text, err := os.ReadFile(filepath.Join(w.db.Host, "data", "postmaster.pid"))
	if err != nil {
		return 0, err
	}
	server, _, _ := strings.Cut(string(text), "\n")
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0, err
	}
	if len(stats) == 0 {
		return 0, errors.New("the system does not tell the CPU time of another process: measure DuckDB alone (-warehouses duckdb)")
	}
	var ticks int64
	for _, file := range stats {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		// proc(5): the name is in brackets, and may contain spaces.
		_, rest, _ := strings.Cut(string(text), ") ")
		fields := strings.Fields(rest)
		if len(fields) < 15 {
			return 0, fmt.Errorf("%s has %d fields", file, len(fields))
		}
		mine := fields[11:13] // user and system
		if filepath.Base(filepath.Dir(file)) == server {
			mine = fields[11:15] // and that of children that have ended
		} else if fields[1] != server {
			continue
		}
		for _, field := range mine {
			n, err := strconv.ParseInt(field, 10, 64)
			if err != nil {
				return 0, err
			}
			ticks += n
		}
	}
	return time.Duration(ticks) * (time.Second / 100), nil // USER_HZ is 100 on every system that Go supports
}

//go:build unix

// Command compare measures `dot compare` and other tools that compare builds, on data whose
// differences are known. It writes the figures into docs/performance.md. `make bench-compare` runs
// it.
//
// For each data set it makes a dbt project with two commits, lets dot build both, and lets each
// tool compare the two schemas, in turns. It lists tools that are not installed or give no answer.
// No figure is a limit: slow or wrong tools don't make it fail.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"dot-for-dbt/internal/testing/postgres"
	"dot-for-dbt/test/bench/measure"
	"dot-for-dbt/test/bench/project"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench-compare:", err)
		os.Exit(1)
	}
}

// A bench is the common state of all cases.
type bench struct {
	root   string // of this checkout
	dir    string // all files of the cases; removed at the end
	venv   string // with dbt
	rounds int    // number of rounds for each case
	limit  time.Duration
	keep   bool
	tools  *regexp.Regexp
	server *postgres.Server // nil until a case needs it
	ctx    context.Context
}

// A benchCase is a part of the document.
type benchCase struct {
	name string
	run  func(*bench) ([]*measure.Table, error)
}

func run() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	b := &bench{ctx: ctx}
	flag.IntVar(&b.rounds, "n", 5, "how often each side of a case is measured")
	flag.DurationVar(&b.limit, "limit", 5*time.Minute, "how long a tool may take for its first answer to be measured at all")
	flag.BoolVar(&b.keep, "keep", false, "leave what the cases make where it is, and say where")
	n := flag.Int64("rows", 5_000_000, "how many rows data sets a and b have on DuckDB; the others follow. A multiple of 25,000")
	only := flag.String("cases", "", "a regular expression: which cases to run; without it all")
	asked := flag.String("tools", "", "a regular expression: which tools to measure; without it all")
	figures := flag.String("figures", filepath.Join("build", "bench-compare"), "a directory of figures: each case leaves its own there")
	out := flag.String("out", "", "a document to write the figures into, those of earlier runs in -figures too")
	flag.Parse()
	chosen, err := regexp.Compile(*only)
	if err != nil {
		return err
	}
	if b.tools, err = regexp.Compile(*asked); err != nil {
		return err
	}
	if *n < 25_000 || *n%25_000 != 0 {
		return fmt.Errorf("-rows %d is no multiple of 25,000", *n)
	}
	if b.root, b.venv, b.dir, err = project.Open("make bench-compare"); err != nil {
		return err
	}
	defer b.close()
	if err := os.MkdirAll(*figures, 0o777); err != nil {
		return err
	}
	var all strings.Builder
	for _, c := range cases(*n) {
		file := filepath.Join(*figures, strings.ReplaceAll(c.name, " ", "-")+".md")
		if chosen.MatchString(c.name) {
			fmt.Fprintln(os.Stderr, c.name)
			tables, err := c.run(b)
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			var text strings.Builder
			for _, t := range tables {
				text.WriteString(t.Text())
			}
			fmt.Print(text.String())
			if err := os.WriteFile(file, []byte(text.String()), 0o666); err != nil {
				return err
			}
		}
		text, err := os.ReadFile(file)
		if err != nil && !os.IsNotExist(err) {
			return err
		}
		all.Write(text)
	}
	if *out == "" {
		return nil
	}
	return measure.Write(*out, "make bench-compare", measure.Machine()+all.String())
}

// cases returns all cases, in the order of the document.
func cases(n int64) []benchCase {
	var all []benchCase
	for _, w := range []struct {
		title string
		sizes sizes
		open  func(*bench, string) (*warehouse, error)
	}{
		{"DuckDB", sizes{n, n / 5, n / 5, n / 500}, func(_ *bench, dir string) (*warehouse, error) { return newDuckDB(dir), nil }},
		{"PostgreSQL", sizes{n / 5, n / 25, n / 5, n / 500}, (*bench).postgres},
	} {
		for _, d := range datasets(w.sizes) {
			all = append(all, benchCase{d.name + " on " + w.title, func(b *bench) ([]*measure.Table, error) {
				s, err := b.newStudy(d, w.open)
				if err != nil {
					return nil, err
				}
				defer s.close()
				return s.tables()
			}})
		}
	}
	return all
}

func (b *bench) close() {
	if b.server != nil {
		b.server.Stop()
	}
	if b.keep {
		fmt.Fprintln(os.Stderr, "left:", b.dir)
		return
	}
	_ = os.RemoveAll(b.dir)
}

// postgres makes a database on the server that all cases share.
func (b *bench) postgres(string) (*warehouse, error) {
	if b.server == nil {
		bin, err := postgres.FindBin(b.venv)
		if err != nil {
			return nil, err
		}
		if b.server, err = postgres.Start(context.Background(), bin); err != nil {
			return nil, err
		}
	}
	return newPostgres(b.server)
}

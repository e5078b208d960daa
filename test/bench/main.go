//go:build unix

// Command bench measures dot's own cost compared with the git and dbt commands that it runs. It
// writes the figures into docs/performance.md. `make bench` runs it.
//
// The sides of each case are measured in turns, so that other load on the machine affects all of
// them. Medians and ratios are reported. No figure is a limit: a slow side does not make it fail.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"dot-for-dbt/test/bench/measure"
	"dot-for-dbt/test/bench/project"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// A bench is the common state of all cases.
type bench struct {
	root   string // of this checkout
	dir    string // all files of the cases; removed at the end
	venv   string // with dbt
	rounds int    // number of rounds for each case
	host   bool   // dot has a dbt host, and DOT_DBT_HOST=off switches it off
	python string // virtual environment of a Python tool that does the same job, "" for none
}

func run() error {
	b := &bench{}
	flag.IntVar(&b.rounds, "n", 5, "how often each side of a case is measured")
	flag.BoolVar(&b.host, "host", false, "measure the dbt host, too")
	flag.StringVar(&b.python, "python", "", "virtual environment of the Python tool, to be measured, too")
	only := flag.String("cases", "", "a regular expression: which cases to run; without it all")
	steps := flag.Int("steps", 0, "run so many steps and nothing else: the bench itself asks for it")
	compose := flag.String("compose", "", "compose this manifest and do nothing else: the bench itself asks for it")
	out := flag.String("out", "", "a document to write the figures into")
	flag.Parse()
	if *steps > 0 {
		return runSteps(*steps)
	}
	if *compose != "" {
		return runCompose(*compose)
	}
	chosen, err := regexp.Compile(*only)
	if err != nil {
		return err
	}
	if b.root, b.venv, b.dir, err = project.Open("make bench"); err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	var figures strings.Builder
	for _, c := range cases {
		if !chosen.MatchString(c.name) {
			continue
		}
		fmt.Fprintln(os.Stderr, c.name)
		t, err := c.run(b)
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		t.Name = c.name
		figures.WriteString(t.Text())
		fmt.Print(t.Text())
	}
	if *out == "" {
		return nil
	}
	return measure.Write(*out, "make bench", measure.Machine()+figures.String())
}

func (b *bench) dot() string { return filepath.Join(b.dir, "bin", "dot") }

// cases are all cases, in the order of the document.
var cases = []struct {
	name string
	run  func(*bench) (*measure.Table, error)
}{
	{"warm build with nothing to do", warmBuild},
	{"plan of many specs", planMany},
	{"plan beside many builds", planBeside},
	{"the working tree of 5,000 files", planDraft},
	{"from saving a model to dbt's first query", roundsOfEdits},
	{"status of many builds", statusOfMany},
	{"completion among 10,000 branches", completeMany},
	{"many steps", manySteps},
	{"composing a baseline of 5,000 models", composeManifest},
	{"cold build of the sample project", coldSample},
	{"cold build of 500 models", coldModels},
	{"8 builds on PostgreSQL", batch},
	{"8 small changes of one main, on PostgreSQL", neighbours},
	{"dbt 2: warm build with nothing to do", warmV2},
	{"dbt 2: cold build of the sample project", coldV2},
	{"dbt 2: 8 builds on PostgreSQL", batchV2},
}

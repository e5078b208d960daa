//go:build unix

package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/test/bench/measure"
)

// composeManifest measures what a deferral adds to a build on a large baseline: the composed
// manifest. It is compared with dbt's own load of the baseline's manifest, which each build
// with state: selectors pays, and with builds of the project.
func composeManifest(b *bench) (*measure.Table, error) {
	s, err := b.newShop("compose")
	if err != nil {
		return nil, err
	}
	if err := s.fresh(); err != nil {
		return nil, err
	}
	if err := s.models(5000); err != nil {
		return nil, err
	}
	parsed, err := s.Output("dot", "parse", "prod@HEAD")
	if err != nil {
		return nil, fmt.Errorf("%w\n%s", err, parsed)
	}
	found, err := filepath.Glob(filepath.Join(s.Dir, ".dot", "build", "*", "env", "prod", "target", "manifest.json"))
	if err != nil || len(found) != 1 {
		return nil, fmt.Errorf("%d manifests: %w", len(found), err)
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	load := "import sys; from dbt.contracts.graph.manifest import WritableManifest as W; " +
		"from dbt.contracts.graph.manifest import Manifest; Manifest.from_writable_manifest(W.read_and_check_versions(sys.argv[1]))"
	python := filepath.Join(b.venv, "bin", "python")
	t, err := measure.InTurns(b.rounds,
		measure.Side{Name: "dbt imports what reads a manifest", Run: func() (measure.Cost, error) {
			return measure.Timed(exec.Command(python, "-c", "import dbt.contracts.graph.manifest"))
		}},
		measure.Side{Name: "the same, and reads it", Run: func() (measure.Cost, error) {
			return measure.Timed(exec.Command(python, "-c", load, found[0]))
		}},
		measure.Side{Name: "dot composes it", Run: func() (measure.Cost, error) {
			return measure.Timed(exec.Command(self, "-compose", found[0]))
		}},
	)
	if err != nil {
		return nil, err
	}
	whole, err := measure.Timed(s.Command("dot", "build", "prod@HEAD"))
	if err != nil {
		return nil, err
	}
	err = s.Write("models/generated/generated_4999.sql", "select 1 as id\n")
	if err == nil {
		err = s.Commit("Change one of them")
	}
	if err != nil {
		return nil, err
	}
	one, err := measure.Timed(s.Command("dot", "build", "dev@HEAD", "--defer", "prod@HEAD~", "--modified"))
	if err != nil {
		return nil, err
	}
	composed := t.Costs[len(t.Costs)-1]
	of := func(build measure.Cost) string {
		return fmt.Sprintf("%.2f %% of the CPU time of", 100*float64(measure.CPU(composed))/float64(build.CPU))
	}
	t.Rest = append(t.Rest,
		"A manifest of 5,000 models, parsed by dbt; the composed manifest has all of them.",
		fmt.Sprintf("Composing takes %s a build of all of them (%s of CPU, measured once), and %s a deferred build of a single one (%s). The goal is 2 %%.",
			of(whole), measure.Short(whole.CPU), of(one), measure.Short(one.CPU)))
	return t, nil
}

// runCompose composes a manifest that has every model of the file.
func runCompose(file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	at := map[string]artifact.RelationName{}
	if _, err := artifact.ReadManifest(file, f, func(n artifact.Node) error {
		if n.ResourceType == "model" {
			at[n.UniqueID] = artifact.RelationName{Database: n.Database, Schema: "lower", Name: n.Name, SQL: n.RelationName}
		}
		return nil
	}); err != nil {
		return err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	base, err := artifact.ReadBase(file, f)
	if err != nil {
		return err
	}
	return base.Compose(io.Discard, at)
}

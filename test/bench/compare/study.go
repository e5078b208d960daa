//go:build unix

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"dot-for-dbt/test/bench/measure"
	"dot-for-dbt/test/bench/project"
)

// A study is a data set in a warehouse: a dbt project in git, built at the tags base and change.
type study struct {
	project.Project
	b      *bench
	data   dataset
	w      *warehouse
	dir    string // all files of the study; the project is a directory in it
	base   string // schema
	change string
}

// newStudy makes the project, and lets dot build both commits.
func (b *bench) newStudy(d dataset, open func(*bench, string) (*warehouse, error)) (*study, error) {
	dir, err := os.MkdirTemp(b.dir, d.name+"-")
	if err != nil {
		return nil, err
	}
	s := &study{b: b, data: d, dir: dir}
	if s.w, err = open(b, dir); err != nil {
		return nil, err
	}
	s.Dir = filepath.Join(dir, "project")
	s.Env = append(project.Environment(dir, filepath.Join(b.dir, "bin"), filepath.Join(b.venv, "bin")), s.w.env...)
	if err := os.Mkdir(s.Dir, 0o777); err != nil {
		return nil, err
	}
	if _, err := s.Output("git", "init", "--quiet", "--template=", "--initial-branch=main"); err != nil {
		return nil, err
	}
	if err := s.files(s.Project); err != nil {
		return nil, err
	}
	var schemas []string
	for _, side := range []struct {
		tag string
		sql func(relation) string
	}{
		{"base", func(r relation) string { return r.base }},
		{"change", func(r relation) string { return r.change }},
	} {
		for _, r := range d.relations {
			if err := s.Write("models/"+r.name+".sql", side.sql(r)+"\n"); err != nil {
				return nil, err
			}
		}
		if err := s.Commit("Make the " + side.tag); err != nil {
			return nil, err
		}
		if _, err := s.Output("git", "tag", side.tag); err != nil {
			return nil, err
		}
		short, err := s.Output("git", "rev-parse", "--short", "HEAD")
		if err != nil {
			return nil, err
		}
		schemas = append(schemas, "prod_"+short)
	}
	s.base, s.change = schemas[0], schemas[1]
	if _, err := s.Output("dot", "build", "prod@base", "prod@change", "--yes"); err != nil {
		return nil, err
	}
	return s, s.w.settle()
}

// files writes the files of a dbt project, except models.
func (s *study) files(p project.Project) error {
	var tests strings.Builder
	tests.WriteString("models:\n")
	for _, r := range s.data.relations {
		fmt.Fprintf(&tests, "  - name: %s\n", r.name)
		if s.data.unique {
			fmt.Fprintf(&tests, "    columns: [{name: %s, data_tests: [unique, not_null]}]\n", s.data.key)
		}
	}
	return errors.Join(
		p.Write("dbt_project.yml", "name: bench\nversion: '1.0'\nprofile: bench\nflags: {send_anonymous_usage_stats: false}\nmodels: {bench: {+materialized: table}}\n"),
		p.Write("profiles.yml", s.w.profile("prod")),
		p.Write(".gitignore", ".dot/\ntarget/\nlogs/\n.user.yml\n"),
		p.Write("models/schema.yml", tests.String()),
	)
}

// close removes large files.
func (s *study) close() {
	if !s.b.keep {
		_ = os.RemoveAll(s.dir)
	}
}

// A tool is something that compares two schemas.
type tool struct {
	name string
	// prepare makes what the tool needs, which is not measured. If the tool can't do the study, the
	// error says why.
	prepare func(*study) (job, error)
}

// A job is the measured part of a tool's work.
type job struct {
	command func() *exec.Cmd
	// read returns the tool's answers, by relation; nil if only people can read its output.
	read func(stdout []byte) (map[string]answer, error)
}

// tables returns all measurements of the study.
func (s *study) tables() ([]*measure.Table, error) {
	t, err := s.measure()
	if err != nil || s.data.name != "a" && s.data.name != "c" {
		return []*measure.Table{t}, err
	}
	engine, err := s.engine()
	return []*measure.Table{t, engine}, err
}

// measure lets all tools compare the builds, in turns. The first round does not count: it warms
// caches, and shows which tools give an answer at all.
func (s *study) measure() (*measure.Table, error) {
	var sides []measure.Side
	var without []string
	for _, t := range tools {
		if !s.b.tools.MatchString(t.name) {
			continue
		}
		j, err := t.prepare(s)
		var said verdicts
		if err == nil {
			_, err = s.run(s.b.limit, j, &said)
		}
		if s.b.ctx.Err() != nil {
			return nil, s.b.ctx.Err()
		}
		if err != nil {
			if !errors.Is(err, errOther) {
				fmt.Fprintf(os.Stderr, "%s: %v\n", t.name, err)
				without = append(without, fmt.Sprintf("Not measured: %s: %s.", t.name, reason(err)))
			}
			continue
		}
		sides = append(sides, measure.Side{
			Name: t.name,
			Run:  func() (measure.Cost, error) { return s.run(0, j, &said) },
			Note: said.String,
		})
	}
	if len(sides) == 0 {
		return nil, errors.New("no tool gave an answer")
	}
	t, err := measure.InTurns(s.b.rounds, sides...)
	if err != nil {
		return nil, err
	}
	t.Name = s.data.name + " on " + s.w.title
	t.Rest = append([]string{strings.ToUpper(s.data.says[:1]) + s.data.says[1:] + "."}, s.goals(t)...)
	t.Rest = append(t.Rest, without...)
	return t, nil
}

// run does a job once and judges the answer. If there is a limit, the job ends after that time.
func (s *study) run(limit time.Duration, j job, said *verdicts) (measure.Cost, error) {
	ctx, cancel := s.b.ctx, context.CancelFunc(func() {})
	if limit > 0 {
		ctx, cancel = context.WithTimeout(ctx, limit)
	}
	defer cancel()
	given := j.command()
	cmd := exec.CommandContext(ctx, given.Path, given.Args[1:]...)
	cmd.Dir, cmd.Env = given.Dir, given.Env
	// Kill all processes that it has started.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	before, err := s.w.serverCPU()
	if err != nil {
		return measure.Cost{}, err
	}
	cost, err := measure.Timed(cmd)
	if ctx.Err() != nil {
		return cost, fmt.Errorf("no answer after %s", limit)
	}
	if err != nil {
		return cost, fmt.Errorf("%w\n%s%s", err, &stderr, &stdout)
	}
	after, err := s.w.serverCPU()
	if err != nil {
		return cost, err
	}
	cost.CPU += after - before
	if j.read == nil {
		return cost, nil
	}
	told, err := j.read(stdout.Bytes())
	if err != nil {
		return cost, fmt.Errorf("%w\n%s%s", err, &stderr, &stdout)
	}
	*said = append(*said, s.data.judge(told))
	return cost, nil
}

// reason returns the first line of an error, or the line that the tool logged as an error.
func reason(err error) string {
	line, rest, _ := strings.Cut(err.Error(), "\n")
	for logged := range strings.Lines(rest) {
		if _, why, ok := strings.Cut(logged, "ERROR - "); ok {
			return strings.TrimSpace(why)
		}
	}
	return strings.TrimSuffix(line, ".")
}

package mcp

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"dot-for-dbt/compare/report"
)

type compareFields struct {
	Baseline  string `json:"baseline" jsonschema:"the build to compare with, such as prod@main"`
	Candidate string `json:"candidate" jsonschema:"the build that is compared, such as dev@."`
	Select    string `json:"select,omitempty" jsonschema:"dbt's --select: only these relations"`
	Exclude   string `json:"exclude,omitempty" jsonschema:"dbt's --exclude"`
	All       bool   `json:"all,omitempty" jsonschema:"compare also the data of relations with the same code"`
	Counts    bool   `json:"counts_only,omitempty" jsonschema:"compare only columns and row counts"`
	MergeBase bool   `json:"merge_base,omitempty" jsonschema:"compare with the merge base, as git diff A...B does"`
	Rows      int    `json:"rows,omitempty" jsonschema:"how many rows of each kind to show; needs a server with --allow-rows"`
	Wait      *int   `json:"wait_seconds,omitempty" jsonschema:"how long to wait for the result (default 45). A comparison that takes longer goes on, and the answer has its handle"`
}

// maxRows is the most rows of each kind that a comparison shows.
const maxRows = 20

// compareAnswer is a comparison in short: the relations that differ, the worst first.
type compareAnswer struct {
	Handle    string           `json:"handle" jsonschema:"status and stop take it"`
	State     string           `json:"state" jsonschema:"running, compared, failed or interrupted"`
	Baseline  string           `json:"baseline,omitempty"`
	Candidate string           `json:"candidate,omitempty"`
	Verdicts  map[string]int   `json:"verdicts,omitempty" jsonschema:"numbers of relations"`
	Relations []relationAnswer `json:"relations,omitempty" jsonschema:"those that differ, are unknown, or are on one side only; the worst first"`
	More      int              `json:"more_relations,omitempty"`
	Tests     []string         `json:"failed_tests,omitempty"`
	Warnings  []string         `json:"warnings,omitempty"`
	Progress  string           `json:"progress,omitempty"`
	Said      string           `json:"said,omitempty" jsonschema:"dot's messages"`
}

type relationAnswer struct {
	Name     string   `json:"name"`
	Verdict  string   `json:"verdict"`
	Rows     string   `json:"rows,omitempty" jsonschema:"baseline → candidate"`
	Changes  string   `json:"changes,omitempty" jsonschema:"rows: + only in the candidate, − only in the baseline, ~ changed"`
	Columns  []string `json:"columns,omitempty" jsonschema:"columns that differ, with the number of rows"`
	Code     []string `json:"code,omitempty" jsonschema:"what differs in the code"`
	Decided  string   `json:"decided_by,omitempty"`
	Reason   string   `json:"reason,omitempty"`
	Sample   []string `json:"sample,omitempty"`
	MoreSame int      `json:"more_columns,omitempty"`
}

func (s *server) aboutCompare() string {
	about := "Say which relations of a build hold other data than those of the baseline, with counts of rows and columns. Both have to be built. Changes nothing."
	if !s.AllowRows {
		about += " Shows no rows."
	}
	return about
}

func (s *server) compare(ctx context.Context, req *sdk.CallToolRequest, in compareFields) (compareAnswer, error) {
	wait, err := waiting(in.Wait, usualWait)
	if err != nil {
		return compareAnswer{}, err
	}
	args, err := in.args(s.AllowRows)
	if err != nil {
		return compareAnswer{}, err
	}
	j, err := s.start(comparing, in.Baseline+" with "+in.Candidate, args)
	if err != nil {
		return compareAnswer{}, err
	}
	j.awaitOwn(ctx, wait, reporter(ctx, req))
	return s.compared(j)
}

// args checks the fields, and returns the arguments of dot for them. Builds are never made here: there
// is no --build.
func (f compareFields) args(allowRows bool) ([]string, error) {
	for _, field := range [][2]string{{"baseline", f.Baseline}, {"candidate", f.Candidate}} {
		if err := isolated(field[0], field[1]); err != nil {
			return nil, err
		}
	}
	args := append(slices.Clone(quiet), "--format=json")
	for _, field := range [][2]string{{"select", f.Select}, {"exclude", f.Exclude}} {
		if field[1] == "" {
			continue
		}
		if err := selection(field[0], field[1]); err != nil {
			return nil, err
		}
		args = append(args, "--"+field[0]+"="+field[1])
	}
	switch {
	case f.Rows < 0 || f.Rows > maxRows:
		return nil, fmt.Errorf("rows %d: from 0 to %d are allowed", f.Rows, maxRows)
	case f.Rows > 0 && !allowRows:
		return nil, fmt.Errorf("rows: this server shows no rows; a person may start it with --allow-rows")
	case f.Rows > 0:
		args = append(args, fmt.Sprintf("--sample=%d", f.Rows))
	}
	if f.All {
		args = append(args, "--all")
	}
	if f.Counts {
		args = append(args, "--counts-only")
	}
	if f.MergeBase {
		args = append(args, "--merge-base")
	}
	return append(args, f.Baseline, f.Candidate), nil
}

// compared says what a comparison has found, or how far it has come.
func (s *server) compared(j *job) (compareAnswer, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	out := compareAnswer{Handle: j.handle, State: stateRunning, Said: j.said.String()}
	switch {
	case !j.ended:
		out.Progress = j.farSaid()
		return out, nil
	case j.stopped:
		out.State = stateInterrupted
		return out, &answeredError{}
	}
	found, err := report.Read(bytes.NewReader(j.printed.Bytes()))
	if err != nil || len(found.Comparisons) == 0 {
		out.State = "failed"
		if len(j.steps) > 0 && out.Said == "" {
			out.Said = clip(j.steps[0], errorRoom)
		}
		return out, &answeredError{}
	}
	out.State = "compared"
	out.add(found.Comparisons[0], s.AllowRows)
	return out, nil
}

// add adds a comparison. Values of the data are left out unless rows are allowed: a reason, a key's
// problem and the type of an enum may quote some.
func (out *compareAnswer) add(c report.Comparison, values bool) {
	left := room(answerRoom)
	out.Baseline, out.Candidate = clip(c.Baseline.Name, nameRoom), clip(c.Candidate.Name, nameRoom)
	out.Verdicts = map[string]int{}
	for _, r := range c.Relations {
		out.Verdicts[string(r.Verdict)]++
	}
	out.Warnings, _ = fit(&left, clipAll(c.Warnings, messageRoom))
	if c.Tests != nil {
		var failed []string
		for _, t := range c.Tests.Failed {
			failed = append(failed, clip(t.Name+": "+t.String(), nameRoom))
		}
		out.Tests, _ = fit(&left, failed)
	}
	relations := slices.Clone(c.Relations)
	report.Sort(relations)
	var all []relationAnswer
	for _, r := range relations {
		if r.Folded() {
			continue
		}
		all = append(all, relation(r, values))
	}
	out.Relations, out.More = fit(&left, all)
}

// relation shortens the result of a relation.
func relation(r report.Relation, values bool) relationAnswer {
	const most = 12
	out := relationAnswer{
		Name: clip(r.Name, nameRoom), Verdict: string(r.Verdict), Rows: r.RowCounts(), Changes: r.Changes.String(),
		Code: clipAll(r.Code, nameRoom), Decided: string(r.Rung),
	}
	if values || r.Verdict == report.NotBuilt {
		out.Reason = clip(r.Reason, messageRoom)
	} else if r.Reason != "" {
		out.Reason = "left out, since it may quote a value"
	}
	for _, c := range r.Columns {
		said := ""
		switch {
		case c.Status == report.ColumnAdded || c.Status == report.ColumnRemoved || c.Status == report.TypeChanged:
			said = string(c.Status)
		case c.Differ != nil && *c.Differ > 0:
			said = fmt.Sprint(*c.Differ)
		case c.Own:
			said = "differs"
		default:
			continue
		}
		out.Columns = append(out.Columns, clip(c.Name, nameRoom)+" "+said)
	}
	if r.Verdict == report.Added || r.Verdict == report.Removed {
		out.Columns = nil // all of them are
	}
	if more := len(out.Columns) - most; more > 0 {
		out.Columns, out.MoreSame = out.Columns[:most], more
	}
	if values {
		for _, row := range r.Sample {
			out.Sample = append(out.Sample, clip(sampled(row), messageRoom))
		}
	}
	return out
}

// sampled writes a row of the sample: its columns, and what has changed in them.
func sampled(row report.Row) string {
	value := func(side map[string]*string, column string) string {
		if v := side[column]; v != nil {
			return clip(*v, nameRoom)
		}
		return "NULL"
	}
	side := row.Candidate
	if side == nil {
		side = row.Baseline
	}
	columns := make([]string, 0, len(side))
	for column := range side {
		columns = append(columns, column)
	}
	slices.Sort(columns)
	var parts []string
	for _, column := range columns {
		now := value(side, column)
		if row.Kind == report.RowChanged {
			if was := value(row.Baseline, column); was != now {
				now = was + " → " + now
			}
		}
		parts = append(parts, clip(column, nameRoom)+" "+now)
	}
	return string(row.Kind) + ": " + strings.Join(parts, ", ")
}

package cli

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"dot-for-dbt/compare"
	"dot-for-dbt/compare/report"
	"dot-for-dbt/compare/table"
	"dot-for-dbt/graph"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/text"
	"dot-for-dbt/internal/ui"
	"dot-for-dbt/spec"
	"dot-for-dbt/steps"
)

// comparisonArgs are the arguments and flags of a comparison.
type comparisonArgs struct {
	Builds []string `arg:"" name:"env@ref" help:"The baseline, then the builds to compare with it: prod@main dev@HEAD. The baseline may be what dbt built elsewhere, as for --defer."`

	Build     bool `help:"First build sides that are missing or out of date."`
	Fresh     bool `help:"First rebuild both sides, so that they read the same sources at about the same time."`
	MergeBase bool `help:"Compare each candidate with its merge base, as git diff A...B does."`
	All       bool `help:"Compare the data of relations with the same code, too."`

	howArgs
}

// howArgs say how relations are compared.
type howArgs struct {
	Key           []string `sep:"none" placeholder:"MODEL=COLUMNS" help:"The columns that identify a model's rows: --key orders=order_id,line. Default: the project's unique_key, unique tests or primary keys."`
	Rename        []string `sep:"none" placeholder:"OLD=NEW" help:"A relation that has another name in the candidates. dot finds one by itself if its file is the same up to the name."`
	Tolerance     []string `sep:"none" placeholder:"[COLUMN=]N" help:"The absolute or relative difference up to which numbers count as equal: 1e-9, or amount=0.01."`
	IgnoreColumns []string `placeholder:"COLUMNS" help:"Columns that are not compared, separated by commas."`
	Where         string   `placeholder:"SQL" help:"Compare only rows that meet this condition."`
	Sample        int      `placeholder:"N" help:"Show up to N rows of each kind. The report then contains data."`
	ColumnsOnly   bool     `xor:"depth" help:"Compare only columns, not data."`
	CountsOnly    bool     `xor:"depth" help:"Compare only columns and row counts."`
}

// compareCommand compares builds with a baseline.
type compareCommand struct {
	comparisonArgs
	reportArgs
}

// reportArgs say where a report goes, and as what.
type reportArgs struct {
	Format   string `enum:"${formats}" default:"auto" placeholder:"FORM" help:"${formats_help}"`
	Output   string `short:"o" placeholder:"FILE" help:"Write the report to a file. The ending of its name sets the format: ${formats_endings}."`
	ExitCode bool   `help:"Exit with 1 if anything differs. If something could not be compared, the exit code is always 2."`
}

// exitDiffers is the exit code of --exit-code, as git diff's.
const exitDiffers = 1

func (c *compareCommand) run(ctx context.Context, a *app, line *commandLine) error {
	format, err := formatOf(c.Format, c.Output)
	if err != nil {
		return err
	}
	return c.report(ctx, a, line, format, func() (*compare.Program, error) { return c.compile(ctx, a, line, format.distributions) })
}

// report carries out a comparison and prints its report.
func (c *reportArgs) report(ctx context.Context, a *app, line *commandLine, format reportFormat, compile func() (*compare.Program, error)) error {
	if !line.DryRun {
		if err := a.outputFile("--output", c.Output).check(); err != nil {
			return err
		}
	}
	compared, err := compile()
	if err != nil {
		return err
	}
	if line.DryRun {
		return a.plan(ctx, compared.Program, "text")
	}
	result, untraced, err := a.carryOutComparison(ctx, compared, line.flags)
	if err != nil {
		return err
	}
	found := compared.Report()
	if err := compared.CheckColumns(); err != nil {
		return err
	}
	if len(found.Comparisons) > 0 {
		err = c.print(a, format, found)
	}
	ending := c.ending(ctx, a, compared, result, found) // prints errors, also without a report
	return cmp.Or(err, ending, untraced)
}

// program compiles the comparison to a program.
func (c *comparisonArgs) program(ctx context.Context, a *app, line *commandLine) (*steps.Program, error) {
	compared, err := c.compile(ctx, a, line, false)
	if err != nil {
		return nil, err
	}
	return compared.Program, nil
}

// compile compiles the comparison. Reports that show distributions need more
// queries.
func (c *comparisonArgs) compile(ctx context.Context, a *app, line *commandLine, distributions bool) (*compare.Program, error) {
	req, err := c.request(a, line)
	if err != nil {
		return nil, err
	}
	req.Distributions = distributions
	world := a.world()
	world.Stdout = a.Stderr // the report alone goes to stdout
	return compare.Compile(ctx, world, req)
}

// request makes a request from the parsed arguments.
func (c *comparisonArgs) request(a *app, line *commandLine) (req compare.Request, err error) {
	switch {
	case line.Defer != "":
		return req, hint.Add(errors.New("--defer: the baseline of a comparison is its first spec"), "dot compare "+line.Defer+" dev@HEAD")
	case line.Reuse != "":
		return req, hint.New("--reuse is for building, and compare compares builds", "build with it first: "+text.ShellQuote([]string{"dot", "build", "dev@HEAD", "--reuse", line.Reuse}))
	case line.Modified == modifiedByCompiled:
		return req, hint.New("--modified=compiled selects what is built, and compare finds the same code by itself", "leave the value out: --modified")
	case line.Modified != "" && len(line.Select) > 0:
		return req, errors.New("--modified and --select can't be combined: each is a selection")
	}
	building := *line
	building.At = "" // which is the baseline's
	if req, err = c.howArgs.request(a, &building); err != nil {
		return req, err
	}
	req.Building.At = line.At
	req.Build, req.Fresh, req.MergeBase, req.All = c.Build, c.Fresh, c.MergeBase, c.All
	if line.Modified != "" {
		req.Select = []string{steps.SelectModified}
	}
	given, all := c.Builds, []spec.Spec(nil)
	if len(given) > 0 {
		if s, err := spec.ParseBaseline(given[0]); err == nil && s.Path != "" {
			given, all = given[1:], []spec.Spec{s}
		}
	}
	more, err := a.specs(given, line.Specs)
	if err != nil {
		return req, err
	}
	if all = append(all, more...); len(all) < 2 {
		return req, hint.Add(errors.New("compare needs a baseline and at least one build to compare with it"), "dot compare prod@main dev@HEAD")
	}
	if req.Baseline, req.Candidates = all[0], all[1:]; req.Baseline.Isolated() && line.At != "" {
		return req, notElsewhere
	}
	return req, nil
}

// request makes a request without builds from the parsed arguments.
func (c *howArgs) request(a *app, line *commandLine) (req compare.Request, err error) {
	req = compare.Request{
		Select: line.Select, Exclude: line.Exclude, Selector: line.Selector,
		How: compare.How{
			Ignore: c.IgnoreColumns, Where: c.Where, Sample: c.Sample,
			ColumnsOnly: c.ColumnsOnly, CountsOnly: c.CountsOnly,
		},
	}
	if req.Keys, err = readKeys(c.Key); err != nil {
		return req, err
	}
	if req.Renames, err = readRenames(c.Rename); err != nil {
		return req, err
	}
	if req.Tolerance, err = readTolerance(c.Tolerance); err != nil {
		return req, err
	}
	if c.Sample < 0 {
		return req, fmt.Errorf("--sample: expected a number of rows, found %d", c.Sample)
	}
	building := *line // the selection is for the comparison, not for the builds
	building.Select, building.Exclude, building.Selector, building.Modified, building.Specs = nil, nil, "", "", ""
	req.Building, err = a.request(&building, "build", nil)
	return req, err
}

// readKeys parses the --key flags.
func readKeys(given []string) (map[string][]string, error) {
	keys := map[string][]string{}
	for _, text := range given {
		model, list, ok := strings.Cut(text, "=")
		columns := strings.Split(list, ",")
		for i, column := range columns {
			columns[i] = strings.TrimSpace(column)
			ok = ok && columns[i] != ""
		}
		if model = strings.TrimSpace(model); !ok || model == "" {
			return nil, hint.Add(fmt.Errorf("--key %q: expected a model, =, and columns separated by commas", text), "--key orders=order_id", "--key order_lines=order_id,line")
		}
		if keys[model] != nil {
			return nil, fmt.Errorf("--key: %s has two keys", model)
		}
		keys[model] = columns
	}
	return keys, nil
}

// readRenames parses the --rename flags.
func readRenames(given []string) ([]compare.Rename, error) {
	var renames []compare.Rename
	for _, text := range given {
		from, to, _ := strings.Cut(text, "=")
		if from, to = strings.TrimSpace(from), strings.TrimSpace(to); from == "" || to == "" {
			return nil, hint.Add(fmt.Errorf("--rename %q: expected the baseline's name, =, and the candidate's", text), "--rename orders=fct_orders")
		}
		renames = append(renames, compare.Rename{From: from, To: to})
	}
	return renames, nil
}

// readTolerance parses the --tolerance flags, nil for none.
func readTolerance(given []string) (map[string]float64, error) {
	if len(given) == 0 {
		return nil, nil
	}
	limits := map[string]float64{}
	for _, text := range given {
		column, number, ok := strings.Cut(text, "=")
		if !ok {
			column, number = "", text
		}
		limit, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		if err != nil || limit < 0 || math.IsInf(limit, 0) || math.IsNaN(limit) || ok && strings.TrimSpace(column) == "" {
			return nil, hint.Add(fmt.Errorf("--tolerance %q: expected a number that is not negative", text), "for all columns: --tolerance 1e-9", "for one: --tolerance amount=0.01")
		}
		limits[strings.TrimSpace(column)] = limit
	}
	return limits, nil
}

// carryOutComparison runs a compiled comparison. untraced is not nil if the trace could not
// be written.
func (a *app) carryOutComparison(ctx context.Context, c *compare.Program, f flags) (result *graph.Result, untraced, err error) {
	aside := *a // the report alone goes to stdout
	aside.Process.Stdout, aside.Stdout = a.Stderr, ui.NewOutput(a.Stderr)
	aside.remarks(c.Program)
	building := c.Request.Build || c.Request.Fresh
	if building {
		if err := aside.prompts(ctx, c.Program, f); err != nil {
			return nil, nil, err
		}
		if err := aside.confirm(ctx, c.Program, f); err != nil {
			return nil, nil, err
		}
	}
	trace := aside.outputFile("--trace", f.Trace)
	if err := trace.check(); err != nil {
		return nil, nil, err
	}
	p, err := c.Program.Begin(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer aside.end(p)
	var show display = &oneBuild{app: &aside, program: p, out: aside.say}
	if _, live := aside.terminal(); building || live || f.Log != autoLog {
		show = aside.watchBuilds(p, f)
	}
	start := a.Now()
	result, err = a.runGraph(ctx, p, observed{show, c}, jobs(f), !f.FailFast)
	if err != nil {
		return nil, nil, err
	}
	if building && c.Request.Upgrade == nil { // else the report has what failed
		_ = show.summary(ctx, result) // c.ending reads the error from result
	}
	return result, aside.writeTrace(trace, start, p.Builds, show.watcher(), result, nil), nil
}

// observed is a display of a comparison, which sees the events of its run, too.
type observed struct {
	display
	compared *compare.Program
}

func (o observed) observe(e graph.Event) {
	o.compared.Observe(e)
	o.display.observe(e)
}

// print writes the report where it was asked for.
func (c *reportArgs) print(a *app, f reportFormat, found report.Report) error {
	var text bytes.Buffer // the report is written whole, or not at all
	if c.Output == "" {
		if err := f.render(&text, found, a.view(a.Stdout)); err != nil {
			return err
		}
		_, err := text.WriteTo(a.Stdout)
		return err
	}
	if err := f.render(&text, found, a.view(&text)); err != nil {
		return err
	}
	if err := a.outputFile("--output", c.Output).write(text.Bytes()); err != nil {
		return err
	}
	a.say.Note("the report is in " + c.Output)
	return nil
}

// view returns the colours and width for a report that goes to w.
func (a *app) view(w io.Writer) table.View {
	return table.View{Colors: ui.NewPrinter(w, a.color, a.getenv), Width: ui.LineWidth(w), Verbose: a.verbose, Now: a.Now()}
}

// ending prints errors, and returns the exit code as an error.
func (c *reportArgs) ending(ctx context.Context, a *app, compared *compare.Program, result *graph.Result, found report.Report) error {
	failed := found.Failed()
	for i, r := range result.Steps {
		if len(found.Comparisons) > 0 && compared.Reported(result.Plan.Steps[i].Step) {
			continue // the report says it
		}
		switch r.Outcome {
		case graph.Broken:
			failed = true
			building := compared.Request.Upgrade == nil && (compared.Request.Build || compared.Request.Fresh)
			if !r.Interrupted && !building { // otherwise it was printed with the builds
				a.say.Error(r.Err)
			}
		case graph.NotRun:
			failed = true
			if step := result.Plan.Steps[i].Step; step.Kind == "compare" && r.Cause != "" {
				a.say.Warning(fmt.Sprintf("not run: %s, because of %s", text.Visible(step.Name), text.Visible(r.Cause)))
			}
		}
	}
	switch {
	case result.Cancelled && compared.Request.Upgrade != nil:
		return hint.Add(context.Cause(ctx), "the same command starts again: both sides are built at about the same time")
	case result.Cancelled:
		return a.interrupted(ctx, result)
	}
	switch {
	case failed:
		return exitCode(exitError)
	case c.ExitCode && found.Red():
		return exitCode(exitDiffers)
	}
	return nil
}

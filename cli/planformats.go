package cli

import (
	"bytes"
	"fmt"
	"io"
	"net/url"
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/dustin/go-humanize"

	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/text"
	"dot-for-dbt/pipeline"
	"dot-for-dbt/steps"
)

// A pipelineFormat is a format in which dot plan writes the jobs of a command on several builds.
type pipelineFormat struct {
	name   string
	about  string // the text in --help
	render func(io.Writer, pipeline.Pipeline) error
	// takes is how many bytes the engine takes by default, 0 for no known limit, and where.
	takes int
	where string
}

// pipelineFormats lists all of these formats. The grammar, --help and completion go by this list.
var pipelineFormats = []pipelineFormat{
	{name: "github-matrix", about: "GitHub Actions", render: pipeline.GitHubMatrix, takes: 1 << 19, where: "GitHub takes 1 MB of UTF-16 in the outputs of a job"},
	{name: "gitlab", about: "a child pipeline", render: pipeline.GitLab, takes: 2 << 20, where: "GitLab takes 2 MB of YAML unless max_yaml_size_bytes says more"},
	{name: "airflow", about: "a DAG", render: pipeline.Airflow},
	{name: "argo", about: "a Workflow", render: pipeline.Argo, takes: 3 << 19, where: "Kubernetes takes 1.5 MB"},
}

// planFormatVars returns the formats of dot plan as variables of the grammar.
func planFormatVars() map[string]string {
	names, help := []string{"text", "json"}, []string{"text", "json"}
	for _, f := range pipelineFormats {
		names, help = append(names, f.name), append(help, fmt.Sprintf("%s (%s)", f.name, f.about))
	}
	return map[string]string{
		"plan_formats":      strings.Join(names, ","),
		"plan_formats_help": strings.Join(help[:len(help)-1], ", ") + " or " + help[len(help)-1] + ". Others than text and json write one job for each build, for an engine that runs them on other machines.",
	}
}

// pipelineFormatOf returns the format with that name.
func pipelineFormatOf(name string) (f pipelineFormat, ok bool) {
	i := slices.IndexFunc(pipelineFormats, func(f pipelineFormat) bool { return f.name == name })
	if i < 0 {
		return pipelineFormat{}, false
	}
	return pipelineFormats[i], true
}

// planPipeline prints the jobs of a command on several builds.
func (a *app) planPipeline(p *steps.Program, line *commandLine, format pipelineFormat) error {
	jobs, err := newPipeline(p, line)
	if err != nil {
		return err
	}
	a.remarks(p)
	if shared, _ := p.Pins().Shared(); !shared { // newPipeline has returned the error
		a.say.Warning("no store is named: jobs find each other's builds only if they share one .dot (dot: {store: …}, DOT_STORE or --store)")
	}
	if names := p.Pins().LocalFiles(); names != "" {
		a.say.Warning("the database of " + text.Visible(names) + " is a file: a job on another machine doesn't see it")
	}
	var out bytes.Buffer // all of it, or nothing
	if err := format.render(&out, jobs); err != nil {
		return err
	}
	if format.takes > 0 && out.Len() > format.takes {
		a.say.Warning(fmt.Sprintf("the output has %s: %s", humanize.IBytes(uint64(out.Len())), format.where))
	}
	_, err = out.WriteTo(a.Stdout)
	return err
}

// newPipeline returns the jobs of a program.
func newPipeline(p *steps.Program, line *commandLine) (pipeline.Pipeline, error) {
	none := pipeline.Pipeline{}
	command := strings.Join(line.words, " ")
	if _, ofDBT := dbt.LookupCommand(command); !ofDBT || !p.Writes {
		return none, hint.New(fmt.Sprintf("--format %s is for commands that build, and dot %s doesn't", line.format, command), "dot plan build … --format "+line.format)
	}
	if line.Jobs != nil || line.FailFast {
		flag := "--jobs"
		if line.FailFast {
			flag = "--fail-fast"
		}
		return none, hint.New(flag+" is for the builds of one machine, and here each job has one build",
			"leave it out", "pools limit how many jobs run at once: environment: {all: {dot: {pool: warehouse, pools: {warehouse: 2}}}}")
	}
	out := pipeline.Pipeline{Pools: map[string]int{}}
	needed := map[*steps.Built]bool{}
	for _, b := range p.Builds {
		for _, other := range p.Pins().Needs(b) {
			needed[other] = true
		}
	}
	for _, b := range p.Builds {
		spec, err := b.Pinned()
		if err != nil {
			return none, err
		}
		job := pipeline.Job{Name: b.Name, Spec: spec}
		var size int
		if job.Pool, size = p.Pins().Pool(b); job.Pool != "" {
			out.Pools[job.Pool] = size
		}
		if needed[b] {
			out.First = append(out.First, job)
		} else {
			out.Then = append(out.Then, job)
		}
	}
	var err error
	out.Script, err = jobScript(p, line)
	return out, err
}

// jobScript returns the commands of each job.
func jobScript(p *steps.Program, line *commandLine) ([]string, error) {
	var script []string
	dir, err := p.Pins().WorkDir()
	if err != nil {
		return nil, err
	}
	if dir != "." {
		script = append(script, pipeline.Quote("cd", dir))
	}
	flags, err := jobFlags(p, line)
	if err != nil {
		return nil, err
	}
	build := pipeline.Quote(append([]string{"dot"}, line.words...)...) + " " + pipeline.Spec
	if len(flags) > 0 {
		build += " " + pipeline.Quote(flags...)
	}
	script = append(script, build)
	shared, err := p.Pins().Shared()
	if err != nil || !shared {
		return script, err
	}
	push := "dot push " + pipeline.Spec
	if line.Store != "" {
		if u, err := url.Parse(line.Store); err == nil && u.User != nil {
			return nil, hint.New("the URL of --store has a user or a password, and each job would show it", "set DOT_STORE where the jobs run, and here")
		}
		push += " " + pipeline.Quote("--store="+line.Store)
	}
	return append(script, push), nil
}

// notOfJobs are general flags that a job doesn't get as they are: those of the baseline, and those for several
// builds or for the machine that plans.
var notOfJobs = []string{"defer", "reuse", "at", "specs", "jobs", "fail-fast", "keep-going", "dry-run", "trace", "color"}

// jobFlags returns the flags of each job's command: those of the command line, with a baseline that means
// the same in every clone.
func jobFlags(p *steps.Program, line *commandLine) ([]string, error) {
	deferred, at, err := p.Pins().Baseline()
	if err != nil {
		return nil, err
	}
	var flags []string
	if deferred != "" {
		named := "--defer="
		if slices.ContainsFunc(line.general, func(f *kong.Flag) bool { return f.Name == "reuse" }) {
			named = "--reuse=" // which names the baseline, too
		}
		flags = append(flags, named+deferred)
	}
	if at != "" {
		flags = append(flags, "--at="+at)
	}
	for _, f := range line.general {
		if slices.Contains(notOfJobs, f.Name) {
			continue
		}
		words, err := flagWords(f)
		if err != nil {
			return nil, err
		}
		flags = append(flags, words...)
	}
	if len(line.forDBT) > 0 {
		flags = append(append(flags, "--"), line.forDBT...)
	}
	return flags, nil
}

// flagWords returns a flag as the words of a command line.
func flagWords(f *kong.Flag) ([]string, error) {
	value := f.Target
	if value.Kind() == reflect.Pointer {
		value = value.Elem()
	}
	switch value.Kind() {
	case reflect.Bool:
		if value.Bool() {
			return []string{"--" + f.Name}, nil
		}
		return nil, nil
	case reflect.String:
		switch { // --modified may have a value
		case f.IsBool() && value.String() == "": // it was false
			return nil, nil
		case f.IsBool() && value.String() == string(modifiedByDBT):
			return []string{"--" + f.Name}, nil
		}
		return []string{"--" + f.Name + "=" + value.String()}, nil
	case reflect.Int:
		return []string{fmt.Sprintf("--%s=%d", f.Name, value.Int())}, nil
	case reflect.Slice:
		var words []string
		for i := range value.Len() {
			words = append(words, "--"+f.Name+"="+value.Index(i).String())
		}
		return words, nil
	}
	return nil, fmt.Errorf("--%s: its value can't be written again", f.Name)
}

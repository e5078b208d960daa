package pipeline

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// Argo writes a Workflow for Argo Workflows. Each pool is a template of its own, whose parallelism is
// the pool's size. The jobs run the template job of a WorkflowTemplate dot, which is up to the user.
func Argo(w io.Writer, p Pipeline) error {
	out := bufio.NewWriter(w)
	fmt.Fprint(out, `# Made by dot plan. It needs a WorkflowTemplate dot with a template job, which has the inputs spec and script.
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata:
  generateName: dot-
spec:
  entrypoint: jobs
  arguments:
    parameters:
`)
	fmt.Fprintf(out, "      - {name: script, value: %s}\n", quoted(p.oneLine()))
	fmt.Fprint(out, "  templates:\n    - name: jobs\n      dag:\n        failFast: false\n        tasks:\n")
	first, then := p.groups(p.First), p.groups(p.Then)
	var needed []string
	task := func(name, depends string) {
		fmt.Fprintf(out, "          - name: %s\n            template: %s\n", name, name)
		if depends != "" {
			fmt.Fprintf(out, "            depends: %s\n", quoted(depends))
		}
	}
	for i := range first {
		needed = append(needed, fmt.Sprintf("first-%d", i+1))
		task(needed[i], "")
	}
	for i := range then {
		task(fmt.Sprintf("then-%d", i+1), strings.Join(needed, " && "))
	}
	for _, stage := range []struct {
		name   string
		groups []group
	}{{"first", first}, {"then", then}} {
		for i, g := range stage.groups {
			fmt.Fprintf(out, "    - name: %s-%d\n", stage.name, i+1)
			if g.size > 0 {
				fmt.Fprintf(out, "      parallelism: %d\n", g.size)
			}
			fmt.Fprint(out, `      dag:
        failFast: false
        tasks:
          - name: job
            templateRef: {name: dot, template: job}
            arguments:
              parameters:
                - {name: spec, value: "{{item}}"}
                - {name: script, value: "{{workflow.parameters.script}}"}
            withItems:
`)
			for _, job := range g.jobs {
				fmt.Fprintf(out, "              - %s\n", quoted(job.Spec))
			}
		}
	}
	return out.Flush()
}

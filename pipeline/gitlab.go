package pipeline

import (
	"bufio"
	"fmt"
	"io"
)

// GitLab writes a child pipeline for GitLab CI. GitLab's resource groups let one job run at a time, so
// a pool of three has three of them.
func GitLab(w io.Writer, p Pipeline) error {
	out := bufio.NewWriter(w)
	fmt.Fprint(out, "# Made by dot plan. The trigger includes a file with the image and the setup, too.\n")
	fmt.Fprint(out, "stages: [first, then]\n\n.dot:\n  script:\n")
	for _, command := range p.Script {
		fmt.Fprintf(out, "    - %s\n", quoted(command))
	}
	taken := map[string]int{} // jobs of a pool
	for _, stage := range []struct {
		name string
		jobs []Job
	}{{"first", p.First}, {"then", p.Then}} {
		for _, job := range stage.jobs {
			fmt.Fprintf(out, "\n%s:\n  extends: .dot\n  stage: %s\n  variables: {SPEC: %s}\n", quoted(job.Name), stage.name, quoted(job.Spec))
			if job.Pool != "" {
				fmt.Fprintf(out, "  resource_group: %s\n", quoted(fmt.Sprintf("%s-%d", plainName(job.Pool, "-_."), taken[job.Pool]%p.Pools[job.Pool]+1)))
				taken[job.Pool]++
			}
		}
	}
	return out.Flush()
}

package pipeline

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// Airflow writes a file with a DAG for Airflow 3. The DAG's name is that of the file.
func Airflow(w io.Writer, p Pipeline) error {
	out := bufio.NewWriter(w)
	fmt.Fprint(out, `"""Jobs of dot, made by dot plan.

Workers need the environment variable REPOSITORY: the directory of a clone that has the commits. Each pool
of POOLS has to be in Airflow, with that many slots: airflow pools set NAME SLOTS dot
"""

from pathlib import Path

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

`)
	fmt.Fprintf(out, "SCRIPT = %s\n\n", quoted(`cd "${REPOSITORY:?is not set}" && `+p.oneLine()))
	var pools []string
	for _, name := range slices.Sorted(maps.Keys(p.Pools)) {
		pools = append(pools, fmt.Sprintf("%s: %d", quoted(name), p.Pools[name]))
	}
	fmt.Fprintf(out, "POOLS = {%s}\n\n# task, spec, pool\n", strings.Join(pools, ", "))
	for _, stage := range []struct {
		name string
		jobs []Job
	}{{"FIRST", p.First}, {"THEN", p.Then}} {
		fmt.Fprintf(out, "%s = [\n", stage.name)
		for _, job := range stage.jobs {
			pool := "None"
			if job.Pool != "" {
				pool = quoted(job.Pool)
			}
			fmt.Fprintf(out, "    (%s, %s, %s),\n", quoted(strings.ReplaceAll(job.Name, "@", ".")), quoted(job.Spec), pool)
		}
		fmt.Fprint(out, "]\n")
	}
	fmt.Fprint(out, `

def operator(task, spec, pool):
    where = {"pool": pool} if pool else {}
    return BashOperator(task_id=task, bash_command=SCRIPT, env={"SPEC": spec}, append_env=True, **where)


with DAG(dag_id=Path(__file__).stem, schedule=None, catchup=False, tags=["dot"]):
    first = [operator(*job) for job in FIRST]
    for job in THEN:
        operator(*job).set_upstream(first)
`)
	return out.Flush()
}

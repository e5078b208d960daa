package steps

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"dot-for-dbt/config"
	"dot-for-dbt/graph"
)

// Vars and environment variables alter what a commit builds. --modified selects what the
// commit changes, so a difference of such values is a warning.

// The labels of the inputs for values, see inputs.go.
const (
	varLabel = "vars: "
	envLabel = "env_var "
)

// values are the digests of the values that a build is made with, by an input's label.
type values map[string]string

func newValues(inputs []graph.InputDigest) values {
	v := values{}
	for _, in := range inputs {
		if strings.HasPrefix(in.Label, varLabel) || strings.HasPrefix(in.Label, envLabel) {
			v[in.Label] = in.Digest
		}
	}
	return v
}

// plannedValues are the values of a job's inputs.
func plannedValues(inputs []graph.Input) values {
	recorded := make([]graph.InputDigest, len(inputs))
	for i, in := range inputs {
		recorded[i] = in.Recorded()
	}
	return newValues(recorded)
}

// lastValues are the values of a build's last run or, if its record is lost, those that
// its environment has now.
func (rt *runtime) lastValues(b *build, env config.Environment) values {
	if s, err := rt.ws.Standing(b.Build, b.place); err == nil {
		records, _ := rt.ws.Records(b.Build)
		for _, r := range records {
			if report, err := ParseReport(r); err == nil && report.Run == s.Run.ID {
				return newValues(r.Inputs)
			}
		}
	}
	inputs, err := varInputs(env.Vars)
	if err != nil {
		return values{}
	}
	return plannedValues(inputs)
}

// differing names the values that differ, "" for none. A build has the environment
// variables that its commit reads: only common ones can differ.
func (v values) differing(other values) string {
	var vars, envVars []string
	labels := maps.Clone(v)
	maps.Copy(labels, other)
	for _, label := range slices.Sorted(maps.Keys(labels)) {
		_, here := v[label]
		_, there := other[label]
		name, isVar := strings.CutPrefix(label, varLabel)
		switch {
		case v[label] == other[label]:
		case isVar:
			vars = append(vars, "var "+name)
		case here && there:
			envVars = append(envVars, "environment variable "+strings.TrimPrefix(label, envLabel))
		}
	}
	return listNames(append(vars, envVars...))
}

// warnOfValues warns if the baseline of a job was built with other values.
func (p *planner) warnOfValues(job *job, inputs []graph.Input) {
	if !job.marksState() || job.baseline == nil || job.baseline.build.Origin != "" { // then they aren't known
		return
	}
	base := job.baseline.build
	then := p.lastValues(base, base.env)
	if job.baseline.within != "" { // its last run is not the one that counts
		now, _ := varInputs(base.env.Vars)
		then = plannedValues(now)
	}
	if names := then.differing(plannedValues(slices.Concat(inputs, p.lateCheckInputs(job)))); names != "" {
		p.program.warn(otherValues(base.String(), job.name(), names))
	}
}

// DiffersInValues is a warning if a candidate was built with other values than this
// build, "" if not.
func (b *Built) DiffersInValues(candidate *Built) string {
	if b.IsElsewhere() { // whose values are not known
		return ""
	}
	last := func(b *Built) values { return b.runtime.lastValues(b.job.build, b.job.env) }
	if names := last(b).differing(last(candidate)); names != "" {
		return otherValues(b.Name, candidate.Name, names)
	}
	return ""
}

func otherValues(baseline, candidate, names string) string {
	return fmt.Sprintf("%s and %s have different values of %s: nodes that read them differ, and are not selected unless the commit changes them", baseline, candidate, names)
}

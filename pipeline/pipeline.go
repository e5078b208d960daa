// Package pipeline writes the jobs of a command on several builds for an engine that runs them on other
// machines: a CI system or a scheduler. One file writes one format.
//
// The package knows texts only. It doesn't know what a build is, and doesn't run anything. What the jobs
// need beside a command line (a checkout, dbt, credentials) is up to the engine's own files, which
// docs/howto/batch.md has.
package pipeline

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"dot-for-dbt/internal/text"
)

// A Pipeline is the jobs of a command, and what each of them runs.
type Pipeline struct {
	// Script has the commands of each job, quoted for a POSIX shell. They run one after another, in the
	// root of a checkout, as long as they succeed. $SPEC is the job's spec.
	Script []string
	// First are the jobs that the others need: the baseline's.
	First []Job
	// Then are all other jobs. They don't need each other.
	Then []Job
	// Pools are the limits of jobs that run at once.
	Pools map[string]int
}

// A Job builds one spec.
type Job struct {
	// Name is short and unique, such as dev@24256d1.
	Name string
	// Spec means the same build in every clone: dev@24256d1… with the whole hash.
	Spec string
	// Pool is one of the pipeline's pools, "" for none.
	Pool string
}

// Spec is the word for a job's spec in a command of Script.
const Spec = `"$SPEC"`

// Quote quotes words for a command of Script. Engines look for {{, {% and {# in texts that they are
// given: an empty pair of quotes within such a mark hides it from them, and the shell removes it.
func Quote(words ...string) string {
	quoted := text.ShellQuote(words)
	for _, mark := range []string{"{{", "{%", "{#"} {
		if strings.Contains(quoted, mark) {
			return strings.ReplaceAll(quoted, "{", "{''")
		}
	}
	return quoted
}

// oneLine returns the script as one command line.
func (p Pipeline) oneLine() string { return strings.Join(p.Script, " && ") }

// A group is the jobs of one pool.
type group struct {
	pool string // "" for none
	size int    // of the pool, 0 for none
	jobs []Job
}

// groups returns jobs by their pools, in the order of the pools' first jobs.
func (p Pipeline) groups(jobs []Job) []group {
	var all []group
	at := map[string]int{}
	for _, job := range jobs {
		i, ok := at[job.Pool]
		if !ok {
			i = len(all)
			at[job.Pool] = i
			all = append(all, group{pool: job.Pool, size: p.Pools[job.Pool]})
		}
		all[i].jobs = append(all[i].jobs, job)
	}
	return all
}

// quoted writes a text as a literal of JSON, which means the same in YAML and in Python. Characters that
// steer a terminal are escaped.
func quoted(s string) string { return string(text.Escape([]byte(text.JSON(s)))) }

// plainName returns a name of letters, digits and the characters in extra. Others become dashes. A name
// that is changed ends in a digest, so that different names stay different.
func plainName(name, extra string) string {
	plain := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune(extra, r) {
			return r
		}
		return '-'
	}, name)
	if plain == name {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	return cmp.Or(strings.Trim(plain, "-"), "pool") + "-" + hex.EncodeToString(sum[:4])
}

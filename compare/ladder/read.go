package ladder

import (
	"fmt"
	"slices"

	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/dbt/ask"
)

// Read returns what the run of the job's project in a directory found, one finding
// a pair, in the job's order; also of a run that failed, as dbt's does when a
// pair could not be compared.
func Read(dir string, job Job) ([]Finding, error) {
	results, err := ask.Results(dir)
	if err != nil {
		return nil, fmt.Errorf("reading what the comparison found: %w", err)
	}
	out := make([]Finding, len(job.Pairs))
	for i, chunk := range chunks(job) {
		pairs := make([]Pair, len(chunk))
		for n, at := range chunk {
			pairs[n] = job.Pairs[at]
		}
		found := chunkFindings(results[ask.ModelID(projectName, i)], pairs)
		for n, at := range chunk {
			out[at] = found[n]
		}
	}
	return out, nil
}

// Retry returns the job that compares again, each alone, the pairs that failed
// along with others, and whether there are any.
func Retry(job Job, findings []Finding) (Job, bool) {
	again := map[string]bool{}
	for _, f := range findings {
		again[f.ID] = f.Again
	}
	job.Alone = true
	job.Pairs = slices.DeleteFunc(slices.Clone(job.Pairs), func(p Pair) bool { return !again[p.ID] })
	return job, len(job.Pairs) > 0
}

// chunkFindings returns what a model found of the pairs it compared.
func chunkFindings(r artifact.Result, pairs []Pair) []Finding {
	failed := ""
	var answers []answer
	switch {
	case r.UniqueID == "" || r.Status.Untouched():
		failed = "dbt ended before it was compared"
	case r.Status != artifact.StatusSuccess:
		failed = ask.Reason(r.Message)
	default:
		var err error
		if answers, err = parse(string(r.Response.Code), pairs); err != nil {
			failed = "dbt handed back what can't be read: " + err.Error()
		}
	}
	out := make([]Finding, len(pairs))
	for i, p := range pairs {
		out[i] = Finding{ID: p.ID, Failed: failed, Again: failed != "" && len(pairs) > 1}
		if failed != "" {
			continue
		}
		if err := answers[i].fill(&out[i], p); err != nil {
			out[i].Failed, out[i].Equal, out[i].Detail, out[i].Columns = err.Error(), nil, nil, answers[i].columns()
		}
	}
	return out
}

// shorten cuts a text to so many characters and marks that it did.
func shorten(s string, n int) string {
	if runes := []rune(s); len(runes) > n {
		return string(runes[:n]) + "…"
	}
	return s
}

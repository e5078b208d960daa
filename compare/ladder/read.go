package ladder

import (
	"fmt"
	"slices"

	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/dbt/ask"
)

// Read returns the answers that dbt's run of the batch's project left in a directory:
// one for each pair, in the batch's order. The run may have failed, as dbt's does if
// a pair could not be compared.
func Read(dir string, batch Batch) ([]Answer, error) {
	results, err := ask.Results(dir)
	if err != nil {
		return nil, fmt.Errorf("read the comparison's results: %w", err)
	}
	out := make([]Answer, len(batch.Pairs))
	for i, chunk := range chunks(batch) {
		pairs := make([]Pair, len(chunk))
		for n, at := range chunk {
			pairs[n] = batch.Pairs[at]
		}
		found := chunkAnswers(results[ask.ModelID(projectName, i)], pairs)
		for n, at := range chunk {
			out[at] = found[n]
		}
	}
	return out, nil
}

// Retry returns a batch of the pairs that failed together with others, to compare
// each of them alone. ok is false if there are none.
func Retry(batch Batch, answers []Answer) (Batch, bool) {
	again := map[string]bool{}
	for _, a := range answers {
		again[a.ID] = a.Again
	}
	batch.Alone = true
	batch.Pairs = slices.DeleteFunc(slices.Clone(batch.Pairs), func(p Pair) bool { return !again[p.ID] })
	return batch, len(batch.Pairs) > 0
}

// OnlyColumns returns a batch that asks for the columns of the pairs that failed under a condition.
// ok is false if there are none.
func OnlyColumns(batch Batch, answers []Answer) (Batch, bool) {
	var pairs []Pair
	for i, p := range batch.Pairs {
		if p.Where != "" && answers[i].Failed != "" {
			pairs = append(pairs, Pair{ID: p.ID, A: p.A, B: p.B, Depth: Columns})
		}
	}
	batch.Alone, batch.Pairs = false, pairs
	return batch, len(pairs) > 0
}

// chunkAnswers returns a model's answers about the pairs it compared.
func chunkAnswers(r artifact.Result, pairs []Pair) []Answer {
	failed := ""
	var replies []reply
	switch {
	case r.UniqueID == "" || r.Status.Untouched():
		failed = "dbt ended before comparing it"
	case r.Status != artifact.StatusSuccess:
		failed = ask.Reason(r.Message)
	default:
		var err error
		if replies, err = parse(string(r.Response.Code), pairs); err != nil {
			failed = "dbt returned an unreadable answer: " + err.Error()
		}
	}
	out := make([]Answer, len(pairs))
	for i, p := range pairs {
		out[i] = Answer{ID: p.ID, Failed: failed, Again: failed != "" && len(pairs) > 1}
		if failed != "" {
			continue
		}
		if err := replies[i].fill(&out[i], p); err != nil {
			out[i].Failed, out[i].Equal, out[i].Detail, out[i].Columns = err.Error(), nil, nil, replies[i].columns()
		}
	}
	return out
}

// shorten cuts a text to n characters and marks the cut.
func shorten(s string, n int) string {
	if runes := []rune(s); len(runes) > n {
		return string(runes[:n]) + "…"
	}
	return s
}

package mcp

import (
	"encoding/json"
	"strings"

	"dot-for-dbt/internal/text"
)

// An answer is read by a model, for which each word costs. So lists are cut, and say how much more there
// is, and long texts are cut.

// The limits of an answer, in bytes.
const (
	answerRoom  = 16_000 // all lists of an answer together, about 4,000 tokens
	errorRoom   = 4_000  // an error, or what dot says beside an answer
	outputRoom  = 1_000  // what a step printed that failed before dbt's command
	messageRoom = 600    // a message of dbt's about a node
	nameRoom    = 200    // a name or a reason
)

// room is how many bytes an answer has left for its lists.
type room int

// fit returns the items for which there is room, and how many are left out.
func fit[T any](left *room, all []T) (kept []T, more int) {
	for i, item := range all {
		encoded, err := json.Marshal(item)
		size := room(len(encoded)) + 1
		if err != nil || size > *left {
			return kept, len(all) - i
		}
		*left -= size
		kept = append(kept, item)
	}
	return kept, 0
}

// clip makes a text visible, and cuts it to a number of bytes.
func clip(s string, most int) string {
	s = text.Visible(strings.TrimSpace(s))
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// clipAll clips each text of a list.
func clipAll(list []string, most int) []string {
	var out []string
	for _, s := range list {
		out = append(out, clip(s, most))
	}
	return out
}

// shortID is a node's unique_id without the project: model.orders.
func shortID(id string) string {
	kind, rest, ok := strings.Cut(id, ".")
	_, name, named := strings.Cut(rest, ".")
	if !ok || !named {
		return clip(id, nameRoom)
	}
	return clip(kind+"."+name, nameRoom)
}

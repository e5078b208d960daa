package artifact

import (
	"fmt"
	"iter"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	"dot-for-dbt/internal/dbt/hidden"
)

// reveal returns the ids among known that dbt prints as id: with the secrets of its environment
// ("NAME=value"), or, if none fits, with any texts hidden. There may be several.
func reveal(id string, env []string, known iter.Seq[string]) []string {
	if !hidden.In(id) {
		return []string{id}
	}
	var exact, possible []string
	form := formOf(id)
	secrets := secretsOf(env)
	for other := range known {
		switch {
		case hide(other, secrets) == id:
			exact = append(exact, other)
		case form.MatchString(other):
			possible = append(possible, other)
		}
	}
	if len(exact) > 0 {
		return exact
	}
	return possible
}

// RevealFrom returns a function for [ReadList]. It finds the node in the manifest.json that dbt list
// has left, which it reads if needed. If several nodes look the same, the time of parsing decides.
func RevealFrom(file string, env []string) func(printed Node) ([]Node, error) {
	var nodes map[string]Node
	return func(printed Node) ([]Node, error) {
		if nodes == nil {
			var err error
			if nodes, err = allNodes(file); err != nil {
				return nil, err
			}
		}
		var behind []Node
		for _, id := range reveal(printed.UniqueID, env, maps.Keys(nodes)) {
			if n, ok := nodes[id]; ok {
				behind = append(behind, n)
			}
		}
		if len(behind) == 0 {
			return nil, fmt.Errorf("%s has no node %s, which dbt list printed", file, printed.UniqueID)
		}
		for _, n := range behind {
			if printed.Created != 0 && n.Created == printed.Created {
				return []Node{n}, nil
			}
		}
		return behind, nil
	}
}

// allNodes returns everything in a manifest that dbt list prints, by unique_id.
func allNodes(file string) (map[string]Node, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	nodes := map[string]Node{}
	keep := func(n Node) error {
		nodes[n.UniqueID] = n
		return nil
	}
	a := newStream(file, f)
	_, err = a.manifest(func(key string) error {
		switch key {
		case "nodes", "sources", "functions":
			return a.object(func(string) error { return a.node(keep) })
		case "unit_tests", "exposures", "metrics", "semantic_models", "saved_queries": // have no relation
			return a.object(func(id string) error {
				kind, _, _ := strings.Cut(id, ".")
				n := Node{UniqueID: id, ResourceType: kind}
				var created struct {
					At float64 `json:"created_at"`
				}
				err := a.dec.Decode(&created)
				n.Created = created.At
				nodes[id] = n
				return err
			})
		}
		return a.skip()
	})
	return nodes, err
}

// formOf matches the texts that may be behind a text.
func formOf(text string) *regexp.Regexp {
	parts := strings.Split(text, hidden.Text)
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	return regexp.MustCompile("^(?s:" + strings.Join(parts, ".+") + ")$")
}

// secretsOf returns the values that dbt hides, in its order (dbt_common, exceptions/base.py).
func secretsOf(env []string) []string {
	var secrets []string
	for _, entry := range env {
		name, value, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, "DBT_ENV_SECRET_") && strings.TrimSpace(value) != "" {
			secrets = append(secrets, value)
		}
	}
	return secrets
}

func hide(text string, secrets []string) string {
	for _, secret := range secrets {
		text = strings.ReplaceAll(text, secret, hidden.Text)
	}
	return text
}

// Reveal replaces hidden ids of the log by those among known. If several ids look the same, and the
// log doesn't have all of them, the log doesn't tell how they ended.
func (l Log) Reveal(env []string, known []string) Log {
	l.Begun, _ = revealAll(l.Begun, env, known)
	l.Open, _ = revealAll(l.Open, env, known)
	var surely [2][]string
	for i, ids := range [][]string{l.Written, l.Failed} {
		revealed, unsure := revealAll(ids, env, known)
		surely[i] = slices.DeleteFunc(revealed, func(id string) bool { return slices.Contains(unsure, id) })
	}
	l.Written, l.Failed = surely[0], surely[1]
	return l
}

// revealAll returns the ids, and those of them that may not be meant.
func revealAll(ids, env, known []string) (revealed, unsure []string) {
	times := map[string]int{}
	for _, id := range ids {
		if !hidden.In(id) {
			revealed = append(revealed, id)
			continue
		}
		if times[id]++; times[id] > 1 {
			continue
		}
		revealed = append(revealed, reveal(id, env, slices.Values(known))...)
	}
	for id, n := range times {
		if same := reveal(id, env, slices.Values(known)); len(same) != n {
			unsure = append(unsure, same...)
		}
	}
	return revealed, unsure
}

package steps

import (
	"strings"

	"dot-for-dbt/internal/dbt/adapter"
	"dot-for-dbt/internal/dbt/profile"
	"dot-for-dbt/internal/workspace"
)

// secretNames are the names that secret variables make, such as a database. In dot's
// records and messages they are digests under the workspace's key.
type secretNames struct {
	profile.SecretNames
	ws *workspace.Workspace
	// hidden returns a text without the names.
	hidden func(text string) string
}

func newSecretNames(names profile.SecretNames, ws *workspace.Workspace) secretNames {
	return secretNames{names, ws, ws.Conceal(names.Schema, names.Database)}
}

// schema returns a schema's name in a place.
func (s secretNames) schema(names adapter.Adapter, name string, quoted bool) string {
	name = names.Fold(name, quoted)
	if s.Schema == "" {
		return name
	}
	secret := names.Fold(s.Schema, quoted)
	return strings.ReplaceAll(name, secret, s.ws.Hide(secret))
}

// database returns a database's name in a place.
func (s secretNames) database(names adapter.Adapter, name string) string {
	name = names.Fold(name, true)
	if s.Database != "" && name == names.Fold(s.Database, true) {
		return s.ws.Hide(name)
	}
	return name
}

// hide returns outputs of a check for its record.
func (s secretNames) hide(out checkOutputs) checkOutputs { return out.mapNames(s.hidden) }

// hideLeaks returns leaks for a message.
func (s secretNames) hideLeaks(found []leak) []leak {
	out := make([]leak, len(found))
	for i, l := range found {
		l.node.Schema, l.reason = s.hidden(l.node.Schema), s.hidden(l.reason)
		out[i] = l
	}
	return out
}

// mapNames returns the outputs with other names of databases and schemas.
func (o checkOutputs) mapNames(to func(string) string) checkOutputs {
	for _, all := range []*[]checkedNode{&o.Nodes, &o.Reused} {
		var nodes []checkedNode
		for _, n := range *all {
			n.Name.Database, n.Name.Schema, n.Name.SQL = to(n.Name.Database), to(n.Name.Schema), to(n.Name.SQL)
			nodes = append(nodes, n)
		}
		*all = nodes
	}
	return o
}

package profile

import (
	"strings"

	"dot-for-dbt/internal/dbt/adapter"
)

// SearchPath returns the schemas in which SQL finds relations that it names without a schema, as
// far as a field of the output sets them; field is its name. Jinja that can't be evaluated, and
// secrets, are left out. So are settings of the server, such as a role's default.
func (o *Output) SearchPath() (field string, schemas []string) {
	of := adapter.Of(o.Adapter)
	for _, field := range of.SearchPath {
		n := o.fields
		for key := range strings.SplitSeq(field, ".") {
			n = n.Get(key)
		}
		text, ok := n.Str()
		rendered, secret, err := o.scope.render(text)
		if !ok || err != nil || secret {
			continue
		}
		for name := range strings.SplitSeq(rendered, ",") {
			name = strings.TrimSpace(name)
			name = name[strings.LastIndexByte(name, '.')+1:] // DuckDB: after a database
			quoted := len(name) > 1 && strings.ContainsRune(`"'`, rune(name[0]))
			if name = of.Fold(strings.Trim(name, `"'`), quoted); name != "" {
				schemas = append(schemas, name)
			}
		}
		return field, schemas
	}
	return "", nil
}

package steps

import (
	"dot-for-dbt/internal/dbt"
)

// known is what an invocation has found out and needs again for its other
// builds: 1,000 specs have few commits, profiles and dbts between them.
type known struct {
	projects found[dbt.Project]   // by commit
	profiles found[*dbt.Profiles] // by file
	tools    found[dbt.Tool]      // by the setting that names it, and whether it may be asked
}

// found is what was found, by what it was looked for.
type found[T any] map[string]T

// get returns what was found for a key, looking for it the first time. Errors
// are not remembered: they end the invocation.
func (f *found[T]) get(key string, look func() (T, error)) (T, error) {
	if had, ok := (*f)[key]; ok {
		return had, nil
	}
	value, err := look()
	if err != nil {
		return value, err
	}
	if *f == nil {
		*f = found[T]{}
	}
	(*f)[key] = value
	return value, nil
}

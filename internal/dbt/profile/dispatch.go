package profile

import (
	"errors"
	"slices"

	"dot-for-dbt/internal/pyyaml"
)

// ChangedDispatch returns, by namespace, the packages that adapter.dispatch searches according to two contents
// of a dbt_project.yml, before and after, where they differ. They are nil if the setting dispatch doesn't name
// the namespace.
func ChangedDispatch(file string, before, after []byte) (map[string][2][]string, error) {
	changed := map[string][2][]string{}
	for i, data := range [][]byte{before, after} {
		orders, err := dispatch(file, data)
		if err != nil {
			return nil, err
		}
		for namespace, order := range orders {
			both := changed[namespace]
			both[i] = order
			changed[namespace] = both
		}
	}
	for namespace, both := range changed {
		if slices.Equal(both[0], both[1]) {
			delete(changed, namespace)
		}
	}
	return changed, nil
}

// dispatch reads the search orders of a dbt_project.yml. What dbt wouldn't take for one is left out.
func dispatch(file string, data []byte) (map[string][]string, error) {
	root, err := pyyaml.Parse(file, data)
	if errors.Is(err, pyyaml.ErrEmpty) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	top, err := root.Mapping()
	if err != nil || !top.Values["dispatch"].Exists() {
		return nil, err
	}
	list, err := top.Values["dispatch"].Read()
	if err != nil {
		return nil, err
	}
	orders := map[string][]string{}
	for _, item := range list.Items {
		namespace, search := item.Get("macro_namespace"), item.Get("search_order")
		if namespace == nil || search == nil || orders[namespace.Text] != nil { // the first one counts
			continue
		}
		for _, name := range search.Items {
			orders[namespace.Text] = append(orders[namespace.Text], name.Text)
		}
	}
	return orders, nil
}

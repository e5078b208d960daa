package artifact

import "encoding/json"

// Node is what dot needs to know of a node or source: from `dbt list`, or from a manifest.json.
type Node struct {
	UniqueID     string     `json:"unique_id"`
	ResourceType string     `json:"resource_type"` // "model", "seed", "snapshot", "test", "source", "operation", …
	Name         string     `json:"name"`
	Database     string     `json:"database"`
	Schema       string     `json:"schema"`
	Alias        string     `json:"alias"`
	Identifier   string     `json:"identifier"`         // a source's table
	RelationName string     `json:"relation_name"`      // as in SQL; "" if it has no relation
	File         string     `json:"original_file_path"` // relative to its project
	SQL          string     `json:"raw_code"`           // only of an on-run-start or on-run-end hook
	Config       NodeConfig `json:"config"`
	Created      float64    `json:"created_at"` // when dbt parsed it, in seconds: hardly two nodes have the same
}

// NodeConfig is the part of a node's configuration that decides where and what it writes.
type NodeConfig struct {
	Materialized  string         `json:"materialized"`
	TargetSchema  string         `json:"target_schema"`  // of a snapshot
	Location      string         `json:"location"`       // the file of dbt-duckdb's external model, if it names one
	StoreFailures bool           `json:"store_failures"` // of a test; dbt has merged store_failures_as into it
	PreHook       []Hook         `json:"pre-hook"`
	PostHook      []Hook         `json:"post-hook"`
	Grants        map[string]any `json:"grants"`
	// FullRefresh goes before the flag --full-refresh, for models and seeds.
	FullRefresh Switch `json:"full_refresh"`
	// UniqueKey is a name, or a list of names; Strategy is how an incremental model adds its rows.
	UniqueKey any    `json:"unique_key"`
	Strategy  string `json:"incremental_strategy"`
}

// A Switch is a setting that is on, off, or not set.
type Switch struct{ Set, On bool }

// UnmarshalJSON reads a JSON true or false, and takes anything else for not set.
func (s *Switch) UnmarshalJSON(data []byte) error {
	on := string(data) == "true"
	*s = Switch{Set: on || string(data) == "false", On: on}
	return nil
}

// Hook is SQL that runs before or after a node, as written in the project.
type Hook struct {
	SQL string `json:"sql"`
}

// UnmarshalJSON reads a hook as dbt writes it, an object, or as a plain string.
func (h *Hook) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		return json.Unmarshal(data, &h.SQL)
	}
	type object Hook // a type without this method
	return json.Unmarshal(data, (*object)(h))
}

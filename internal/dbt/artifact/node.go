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
	RelationName string     `json:"relation_name"`      // as it stands in SQL; "" for what has no relation
	File         string     `json:"original_file_path"` // relative to its project
	SQL          string     `json:"raw_code"`           // of an on-run-start or on-run-end hook; else ""
	Config       NodeConfig `json:"config"`
}

// NodeConfig is the part of a node's configuration that says where and what it writes.
type NodeConfig struct {
	Materialized  string         `json:"materialized"`
	TargetSchema  string         `json:"target_schema"`  // a snapshot's
	StoreFailures bool           `json:"store_failures"` // a test's; dbt has resolved store_failures_as into it
	PreHook       []Hook         `json:"pre-hook"`
	PostHook      []Hook         `json:"post-hook"`
	Grants        map[string]any `json:"grants"`
}

// Hook is SQL that runs before or after a node, as it was written.
type Hook struct {
	SQL string `json:"sql"`
}

// UnmarshalJSON reads a hook as dbt writes it, an object, or as a plain string.
func (h *Hook) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		return json.Unmarshal(data, &h.SQL)
	}
	type object Hook // without this method
	return json.Unmarshal(data, (*object)(h))
}

package standin

import (
	"cmp"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"time"
)

type metadata struct {
	Schema    string    `json:"dbt_schema_version"`
	Version   string    `json:"dbt_version"`
	Generated time.Time `json:"generated_at"`
	ID        string    `json:"invocation_id"`
	Adapter   string    `json:"adapter_type,omitempty"`
	Project   string    `json:"project_name,omitempty"` // of a manifest
}

type manifest struct {
	Metadata metadata         `json:"metadata"`
	Nodes    map[string]*node `json:"nodes"`
	Sources  map[string]any   `json:"sources"`
}

type runResults struct {
	Metadata metadata       `json:"metadata"`
	Results  []result       `json:"results"`
	Elapsed  float64        `json:"elapsed_time"`
	Args     map[string]any `json:"args"`
}

type result struct {
	ID       string   `json:"unique_id"`
	Status   string   `json:"status"`
	Message  string   `json:"message"`
	Failures *int     `json:"failures"`
	Seconds  float64  `json:"execution_time"`
	Relation *string  `json:"relation_name"`
	Thread   string   `json:"thread_id"`
	Timing   []timing `json:"timing"`
}

// timing is the start and end of a part of the work on a node.
type timing struct {
	Name      string    `json:"name"`
	Started   time.Time `json:"started_at"`
	Completed time.Time `json:"completed_at"`
}

func (s *session) metadata(kind, number string) metadata {
	return metadata{
		Schema:  "https://schemas.getdbt.com/dbt/" + kind + "/" + number + ".json",
		Version: s.version(), Generated: s.Now().UTC(), ID: s.id, Adapter: s.output.Adapter,
	}
}

func (s *session) writeManifest() error {
	head := s.metadata("manifest", "v12")
	head.Project = s.project.Name
	return s.write("manifest.json", manifest{head, s.nodes, map[string]any{}})
}

func (s *session) writeResults(results []result) error {
	if results == nil {
		results = []result{}
	}
	return s.write("run_results.json", runResults{
		Metadata: s.metadata("run-results", "v6"), Results: results,
		Args: map[string]any{
			"which": s.line.command, argument("defer"): s.line.on("defer"), argument("favor-state"): s.line.on("favor-state"),
			argument("empty"): s.line.on("empty"), argument("full-refresh"): s.line.on("full-refresh"),
			argument("state"): s.line.text("state"), argument("project-dir"): s.line.text("project-dir"),
		},
	})
}

// argument returns the name of a flag in run_results.json.
func argument(flag string) string { return strings.ReplaceAll(flag, "-", "_") }

// write writes an artifact to the target path.
func (s *session) write(name string, artifact any) error {
	if s.line.text("write-json") == "false" {
		return nil
	}
	dir := s.project.abs(cmp.Or(s.line.text("target-path"), "target"))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	text, err := json.Marshal(artifact)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, name), text, 0o644)
}

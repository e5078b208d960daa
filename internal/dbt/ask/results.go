package ask

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/text"
)

// resultsFile is the path of the file in which dbt says how each model ended.
func resultsFile(dir string) string { return filepath.Join(dir, "target", "run_results.json") }

// logFile is the path of dbt's log.
func logFile(dir string) string { return filepath.Join(dir, "logs", "dbt.log") }

// ErrNoResults means that dbt ended before it said how any model ended, as without a connection.
var ErrNoResults = errors.New("dbt ended without results")

// Results returns how the models of the project in a directory ended, by unique_id. It also works
// after a run that failed. [Reason] explains why a model failed.
func Results(dir string) (map[string]artifact.Result, error) {
	file := resultsFile(dir)
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNoResults
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	results, err := artifact.ReadRunResults(file, f)
	if err != nil {
		return nil, err
	}
	byID := map[string]artifact.Result{}
	for _, r := range results.Results {
		byID[r.UniqueID] = r
	}
	return byID, readLogged(dir, byID)
}

// readLogged adds the answers that the results lack. dbt 2 has in its log file what the macro dot_answer
// printed, in lines of text or of JSON. dbt 1 leaves no log here.
func readLogged(dir string, results map[string]artifact.Result) error {
	text, err := os.ReadFile(logFile(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(text)) {
		var event struct {
			Info struct {
				Message string `json:"msg"`
			} `json:"info"`
		}
		if strings.HasPrefix(line, "{") && json.Unmarshal([]byte(line), &event) == nil {
			line = event.Info.Message
		}
		_, said, ok := strings.Cut(line, "dot_answer ")
		id, answer, _ := strings.Cut(strings.TrimSpace(said), " ")
		if r, known := results[id]; ok && known && r.Response.Code == "" {
			r.Response.Code = artifact.Text(answer)
			results[id] = r
		}
	}
	return nil
}

// Reason extracts from dbt's message about a failed model what the database said, without dbt's
// heading and the statement.
func Reason(message string) string {
	var said []string
	for i, line := range strings.Split(message, "\n") {
		line = strings.TrimSpace(line)
		if i == 0 && strings.Contains(line, " in model ") || line == "" {
			continue
		}
		if strings.HasPrefix(line, "LINE ") || strings.HasPrefix(line, "compiled code at ") || strings.HasPrefix(line, "> in macro ") {
			break
		}
		said = append(said, line)
	}
	if len(said) == 0 {
		return "dbt gave no reason"
	}
	return text.Shorten(strings.Join(said, " "))
}

package ui

import (
	"bytes"
	"encoding/json"

	"dot-for-dbt/internal/text"
)

// JSON encodes a value as JSON on one line. Characters that steer a terminal are escaped.
func JSON(v any) (string, error) { return marshal(v, "") }

// IndentedJSON is JSON on several lines, which people can read, too.
func IndentedJSON(v any) (string, error) { return marshal(v, "  ") }

func marshal(v any, indent string) (string, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", indent)
	if err := enc.Encode(v); err != nil {
		return "", err
	}
	return string(text.Escape(bytes.TrimSuffix(out.Bytes(), []byte("\n")))), nil
}

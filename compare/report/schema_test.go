package report

import (
	"testing"

	"dot-for-dbt/internal/testing/schematest"
)

func TestSchema(t *testing.T) {
	schematest.Golden(t, "report", "What dot compare --format json and dot upgrade-check --format json write", Report{})
}

package watch

import (
	"testing"

	"dot-for-dbt/internal/testing/schematest"
)

func TestSchema(t *testing.T) {
	schematest.Golden(t, "events", "A line that --log json writes", jsonEvent{})
}

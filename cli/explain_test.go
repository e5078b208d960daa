package cli_test

import (
	"regexp"
	"testing"
	"time"
)

// passing is what differs from one run to the next in an explanation: process
// ids, run ids, and keys.
var passing = []struct {
	form *regexp.Regexp
	as   string
}{
	{regexp.MustCompile(`pid \d+`), "pid 1234"},
	{regexp.MustCompile(`"run":"\w+"`), `"run":"RUN"`},
	{regexp.MustCompile(`by run \w+`), "by run RUN"},
	{regexp.MustCompile(`"invocation":"\w+`), `"invocation":"ID`}, // it may be cut
	{regexp.MustCompile(`\b[0-9a-f]{12}\b`), "0123456789ab"},
}

// TestExplanations compares explanations with goldens.
func TestExplanations(t *testing.T) {
	withoutRace(t)
	for _, tt := range []struct {
		name    string
		arrange func(s *shop)
		command string
	}{
		{"warm", func(s *shop) {
			s.run("build dev@HEAD")
			s.later(3 * time.Hour)
		}, "explain build dev@HEAD"},
		{"changed", func(s *shop) {
			s.run("build dev@HEAD")
			s.later(3 * time.Hour)
			s.tell("with a var of another value, and one that is new")
		}, "explain build dev@HEAD --vars {\"days\":7,\"size\":\"l\"}"},
		{"layers", func(s *shop) {
			s.run("build prod@main")
			s.later(time.Hour)
			s.run("build dev@HEAD --defer prod@main -s orders")
			s.run("build dev@HEAD --defer prod@main -s average -s stg_payments")
			s.later(3 * time.Hour)
		}, "explain build dev@HEAD --defer prod@main -s average -s stg_payments"},
		{"failed", func(s *shop) {
			s.fails("build dev@HEAD", "STANDIN_FAIL=orders")
			s.later(3 * time.Hour)
		}, "explain build dev@HEAD"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newShop(t)
			tt.arrange(s)
			s.show(tt.command)
			text := s.story.String()
			for _, p := range passing {
				text = p.form.ReplaceAllString(text, p.as)
			}
			golden(t, "explain/"+tt.name, text)
		})
	}
}

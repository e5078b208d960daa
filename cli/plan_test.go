package cli_test

import (
	"strings"
	"testing"
)

func TestTry(t *testing.T) {
	s := newShop(t)
	for _, c := range []string{"plan build dev@HEAD", "build prod@main", "plan build dev@HEAD --defer prod@main", "build dev@HEAD --defer prod@main --modified", "plan build dev@HEAD --defer prod@main --modified", "build dev@HEAD --defer prod@main --modified", "build"} {
		out := s.dot(strings.Fields(c))
		t.Logf("$ dot %s\n%s\nexit %d", c, out.both, out.code)
	}
}

//go:build unix

package e2e

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// cpuTimes are the CPU times of the programs that each test has run to their end, with all that they ran.
var cpuTimes = struct {
	sync.Mutex
	of map[string]time.Duration
}{of: map[string]time.Duration{}}

// spent counts the CPU time of a program that a test has run.
func spent(t *testing.T, state *os.ProcessState) {
	name, _, _ := strings.Cut(t.Name(), "/")
	cpuTimes.Lock()
	defer cpuTimes.Unlock()
	cpuTimes.of[name] += state.UserTime() + state.SystemTime()
}

// writeTimes writes the CPU times into the file that DOT_TEST_TIMES names, the largest first.
func writeTimes() error {
	name := os.Getenv("DOT_TEST_TIMES")
	if name == "" {
		return nil
	}
	cpuTimes.Lock()
	defer cpuTimes.Unlock()
	var out strings.Builder
	for _, test := range slices.SortedFunc(maps.Keys(cpuTimes.of), func(a, b string) int {
		return cmp.Or(cmp.Compare(cpuTimes.of[b], cpuTimes.of[a]), strings.Compare(a, b))
	}) {
		fmt.Fprintf(&out, "%8.1f s  %s\n", cpuTimes.of[test].Seconds(), test)
	}
	return os.WriteFile(name, []byte(out.String()), 0o600)
}

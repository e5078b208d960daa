package saves

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Files that are saved one after another come as one list, once it is quiet.
func TestGather(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, out := make(chan []string), make(chan []string)
		go gather(in, Quiet, out)
		defer close(in)
		start := time.Now()
		in <- []string{"a", "b"}
		time.Sleep(Quiet - time.Millisecond)
		in <- []string{"b", "c"}
		time.Sleep(Quiet - time.Millisecond)
		in <- []string{"a"}
		got := <-out
		if diff := cmp.Diff([]string{"a", "b", "c"}, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if took, want := time.Since(start), 3*Quiet-2*time.Millisecond; took != want {
			t.Errorf("after %s, want %s", took, want)
		}

		// While nobody takes the list, it grows, and it has to be quiet again.
		in <- []string{"d"}
		time.Sleep(10 * Quiet)
		in <- []string{"e"}
		synctest.Wait()
		select {
		case got := <-out:
			t.Errorf("%v came before it was quiet", got)
		default:
		}
		if diff := cmp.Diff([]string{"d", "e"}, <-out); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

package watch

import (
	"sync"
	"time"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/ui"
	"dot-for-dbt/steps"
)

// A Mode says how dbt's output is shown.
type Mode string

// The modes.
const (
	Stream  Mode = "stream"  // each line as it comes, with the name of its build
	Grouped Mode = "grouped" // a build's whole log when it ends
	Quiet   Mode = "quiet"   // not at all
	JSON    Mode = "json"    // as JSON, with all other events
)

// Options say how to show a run.
type Options struct {
	Mode Mode
	Out  *ui.Printer // to stdout: dbt's output, and JSON
	Say  *ui.Printer // to stderr: dot's own messages
	// Region has a line for each running step; nil if nothing may be redrawn.
	// Out and Say write above it.
	Region *ui.Region
	// Width is the width of the terminal that dbt's output goes to; 0: no limit.
	Width int
	// Tick says when to draw the region.
	Tick <-chan time.Time
	// Actions is set in GitHub Actions, where logs are folded and errors are marked.
	Actions bool
	Verbose bool
	// Brief leaves out which steps have ended, but for what a program said that failed.
	Brief bool
	Now   func() time.Time
}

// A Watcher shows a run.
type Watcher struct {
	Options
	view view

	mu    sync.Mutex // its own goroutine draws the region
	board *board
	stop  chan struct{}
	drawn sync.WaitGroup
}

// A view shows events as they happen. b already includes the event.
type view interface {
	observe(e graph.Event, b *board)
}

// New returns a watcher of a run on builds that starts now. The caller must close it.
func New(builds []*steps.Built, o Options) *Watcher {
	w := &Watcher{Options: o, board: newBoard(builds, o.Now()), stop: make(chan struct{})}
	switch o.Mode {
	case Grouped:
		w.view = newGroups(o)
	case JSON:
		w.view = newJSONView(o, builds)
	default:
		w.view = &lines{Options: o, heard: map[string][]string{}}
	}
	if o.Region != nil {
		w.drawn.Go(w.draw)
	}
	return w
}

// Observe receives the run's events, one call at a time.
func (w *Watcher) Observe(e graph.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.board.observe(e, w.Now())
	w.view.observe(e, w.board)
}

// draw draws the region at each tick, until the watcher is closed.
func (w *Watcher) draw() {
	for {
		select {
		case <-w.stop:
			return
		case <-w.Tick:
			w.mu.Lock()
			rows, columns := w.Region.Room()
			lines := w.board.live(w.Now(), rows, columns, w.Say)
			w.mu.Unlock()
			w.Region.Draw(lines)
		}
	}
}

// Close removes the region. It may be called twice.
func (w *Watcher) Close() {
	if w.Region == nil {
		return
	}
	select {
	case <-w.stop:
	default:
		close(w.stop)
	}
	w.drawn.Wait()
	w.Region.Close()
}

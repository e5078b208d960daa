package watch

import (
	"sync"
	"time"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/ui"
	"dot-for-dbt/steps"
)

// A Mode is how what dbt says is shown.
type Mode string

// The modes there are.
const (
	Stream  Mode = "stream"  // each line as it comes, with the build that it is of
	Grouped Mode = "grouped" // a build's whole log when it ends
	Quiet   Mode = "quiet"   // not at all
	JSON    Mode = "json"    // as events for a program, with all else that happens
)

// Options say how to show a run.
type Options struct {
	Mode Mode
	Out  *ui.Printer // to stdout: what dbt says, and JSON
	Say  *ui.Printer // to stderr: dot's own words
	// Region has a line for each step that runs; nil where nothing is to be
	// redrawn. Out and Say write above it.
	Region *ui.Region
	// Tick lets the region be drawn.
	Tick <-chan time.Time
	// Actions is set in GitHub Actions, where logs are folded and errors marked.
	Actions bool
	Verbose bool
	Now     func() time.Time
}

// A Watcher shows a run.
type Watcher struct {
	Options
	view view

	mu    sync.Mutex // the region is drawn by a goroutine of its own
	board *board
	stop  chan struct{}
	drawn sync.WaitGroup
}

// A view shows what happens, as it happens. b is what is known including that.
type view interface {
	observe(e graph.Event, b *board)
}

// New returns a watcher of a run on builds that starts now. It is to be closed.
func New(builds []*steps.Built, o Options) *Watcher {
	w := &Watcher{Options: o, board: newBoard(builds, o.Now()), stop: make(chan struct{})}
	switch o.Mode {
	case Grouped:
		w.view = newGroups(o)
	case JSON:
		w.view = newJSONView(o, builds)
	default:
		w.view = &lines{o}
	}
	if o.Region != nil {
		w.drawn.Go(w.draw)
	}
	return w
}

// Observe is told what happens, one call at a time.
func (w *Watcher) Observe(e graph.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.board.observe(e, w.Now())
	w.view.observe(e, w.board)
}

// draw draws the region whenever it is time to, until the watcher is closed.
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

// Close takes the region away. It may be called twice.
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

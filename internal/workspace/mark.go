package workspace

// A schema that dot has marked in the warehouse is noted in its ledger, so that it isn't marked
// again by each run.

// Marked returns what [Workspace.NoteMark] has noted of a place's schema. It is "" if nothing was
// noted, or if the database file is another one by now.
func (w *Workspace) Marked(p Place) string {
	l, err := w.Ledger(p)
	if err != nil || l.Marked.File != w.fileOf(p) {
		return ""
	}
	return l.Marked.Mark
}

// NoteMark notes the mark that a place's schema carries, by a digest; "" for none.
func (w *Workspace) NoteMark(p Place, mark string) error {
	release, err := w.guard(p)
	if err != nil {
		return err
	}
	defer release()
	return w.edit(p, func(l *Ledger) { l.Marked = Marked{Mark: mark, File: w.fileOf(p)} })
}

// Marked is what a ledger notes of its schema's mark.
type Marked struct {
	Mark string `json:"mark"`           // a digest of it, or why it is to be written again
	File string `json:"file,omitempty"` // see Entry
}

// HasOf reports whether a ledger has relations that a build, or another of the same working tree, was
// the last to write or to try to write, before a run in progress.
func (l *Ledger) HasOf(b Build) bool {
	for _, e := range l.Relations {
		if e.Status == Unknown && e.Before != nil {
			e = *e.Before
		}
		if b.Shares(e.Build) && (e.Status == Written || e.Status == Damaged || e.Status == Cloned) {
			return true
		}
	}
	return false
}

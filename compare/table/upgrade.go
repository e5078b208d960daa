package table

import (
	"fmt"

	"dot-for-dbt/compare/report"
	"dot-for-dbt/internal/ui"
)

// shownSaid is how many messages of a kind are shown, unless verbose.
const shownSaid = 2

// upgrade prints what the new dbt of an upgrade check alone says: errors first.
func (t table) upgrade(u *report.Upgrade) {
	if u == nil {
		return
	}
	t.text(saidStyle(u), "", u.Headline())
	for _, s := range u.Said {
		style := ui.Warn
		if s.Level == "error" {
			style = ui.Bad
		}
		t.text(style, "    ", s.Title())
		texts := s.Texts
		if !t.Verbose {
			texts = texts[:min(len(texts), shownSaid)]
		}
		for _, text := range texts {
			t.text(ui.Faint, "        ", t.brief(text))
		}
		if more := s.Count - len(texts); more > 0 {
			t.text(ui.Faint, "        ", fmt.Sprintf("and %d more", more))
		}
	}
	if u.Reason != "" {
		t.text(ui.Bad, "", u.Stopped+":")
		t.text(nil, "    ", t.brief(u.Reason))
	}
	if others := u.Others(); others != "" {
		t.text(ui.Faint, "", others)
	}
}

func saidStyle(u *report.Upgrade) ui.Style {
	switch {
	case u.Errors():
		return ui.Bad
	case len(u.Said) > 0:
		return ui.Warn
	}
	return nil
}

package run

import (
	"bytes"
	"slices"
	"strings"

	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/proc"
)

// A Listing is the output of a dbt list, see [dbt.CommandLine.List].
type Listing struct {
	// Nodes are the printed nodes and the plain lines, for [artifact.ReadList].
	Nodes bytes.Buffer
	// Said are dbt's messages, and the plain lines.
	Said []artifact.Event
}

// ReadListing reads the output of a dbt list.
func ReadListing(stdout []byte) *Listing {
	l := &Listing{}
	events := eventReader{emit: func(e artifact.Event) {
		printed := strings.HasPrefix(e.Message, "{") && (e.Name == "" || e.Level == artifact.LevelInfo)
		if printed || e.Name == "" {
			l.Nodes.WriteString(e.Message + "\n")
		}
		if !printed {
			l.Said = append(l.Said, e)
		}
	}}
	lines := proc.NewLines(events.line)
	_, _ = lines.Write(stdout)
	lines.End()
	return l
}

// Problems returns dbt's errors and the plain lines.
func (l *Listing) Problems() string {
	var b strings.Builder
	for _, e := range l.Said {
		if e.Name == "" || e.Level == artifact.LevelError {
			b.WriteString(e.Message + "\n")
		}
	}
	return b.String()
}

// SelectedNothing reports whether dbt failed because the selection matches no node. dbt has then
// parsed the project and written its manifest.
func (l *Listing) SelectedNothing() bool { return l.failedWith("No nodes selected!") }

// Unmatched reports whether dbt failed because a part of the selection matches no node.
func (l *Listing) Unmatched() bool {
	return l.failedWith("does not match any enabled nodes") || l.SelectedNothing()
}

func (l *Listing) failedWith(text string) bool {
	for _, e := range l.Said {
		if e.Level == artifact.LevelError && strings.HasSuffix(strings.TrimSpace(e.Message), text) {
			return true
		}
	}
	return false
}

// again are the warnings that dbt gives in each command, also in one that reuses a parse: it gives
// them after it has saved the parse (dbt 1.11.16, ManifestLoader.load and _check_manifest), or as
// it selects nodes.
var again = []string{
	"DeprecatedModel", "DeprecatedReference", "UpcomingReferenceDeprecation", "UnusedResourceConfigPath",
	"ResourceNamesWithSpacesDeprecation", "SpacesInResourceNameDeprecation", "MicrobatchMacroOutsideOfBatchesDeprecation",
	"InvalidConcurrentBatchesConfig", "MicrobatchModelNoEventTimeInputs",
	"NoNodesForSelectionCriteria", "NoNodesSelected",
}

// Warnings returns dbt's warnings; onlyHere leaves out those that the next command on the same
// parse gives, too.
func (l *Listing) Warnings(onlyHere bool) []artifact.Event {
	said := l.Said
	if onlyHere { // before the adapter is there, dbt reads dbt_project.yml, which it does each time
		said = said[1+slices.IndexFunc(said, func(e artifact.Event) bool { return e.Name == "AdapterRegistered" }):]
	}
	var warnings []artifact.Event
	deprecated := false
	for _, e := range said {
		repeated := slices.Contains(again, e.Name) || e.Name == "DeprecationsSummary" && !deprecated
		if e.Level != artifact.LevelWarn || onlyHere && repeated {
			continue
		}
		warnings = append(warnings, e)
		deprecated = deprecated || strings.HasSuffix(e.Name, "Deprecation")
	}
	return warnings
}

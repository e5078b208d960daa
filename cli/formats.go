package cli

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"dot-for-dbt/compare/report"
	"dot-for-dbt/compare/table"
	"dot-for-dbt/internal/hint"
)

// A reportFormat is a format that dot compare writes reports in.
type reportFormat struct {
	name    string
	about   string   // the text in --help, "" for none
	endings []string // of file names
	// distributions is set if the format shows distributions of columns, which need queries.
	distributions bool
	render        func(io.Writer, report.Report, table.View) error
}

// reportFormats lists all formats; the first one is the default. The grammar, --help
// and completion go by this list.
var reportFormats = []reportFormat{
	{name: "text", render: table.Write},
	{name: "json", about: "docs/compare-json.md", endings: []string{".json"}, distributions: true, render: plain(report.JSON)},
	{name: "markdown", about: "for a pull request: no row, no value", endings: []string{".md"}, render: plain(report.Markdown)},
	{name: "html", about: "one file", endings: []string{".html"}, distributions: true, render: plain(report.HTML)},
}

// plain adapts a renderer that doesn't depend on the terminal.
func plain(render func(io.Writer, report.Report) error) func(io.Writer, report.Report, table.View) error {
	return func(w io.Writer, r report.Report, _ table.View) error { return render(w, r) }
}

// autoFormat is the --format that depends on the name of --output.
const autoFormat = "auto"

// formatVars returns the formats as variables of the grammar.
func formatVars() map[string]string {
	names := []string{autoFormat}
	var endings []string
	help := []string{autoFormat + " (by the ending of --output; otherwise " + reportFormats[0].name + ")"}
	for _, f := range reportFormats {
		names, endings = append(names, f.name), append(endings, f.endings...)
		if f.about != "" {
			f.name += " (" + f.about + ")"
		}
		help = append(help, f.name)
	}
	return map[string]string{
		"formats":         strings.Join(names, ","),
		"formats_help":    strings.Join(help[:len(help)-1], ", ") + " or " + help[len(help)-1] + ".",
		"formats_endings": strings.Join(endings, ", "),
	}
}

// formatOf returns the named format, or the format that the file's name implies.
func formatOf(named, file string) (reportFormat, error) {
	ending := strings.ToLower(filepath.Ext(file))
	implied := slices.IndexFunc(reportFormats, func(f reportFormat) bool { return slices.Contains(f.endings, ending) })
	chosen := slices.IndexFunc(reportFormats, func(f reportFormat) bool { return f.name == named })
	switch {
	case chosen < 0:
		return reportFormats[max(implied, 0)], nil
	case implied >= 0 && implied != chosen:
		return reportFormat{}, hint.Add(
			fmt.Errorf("--output %s means %s, but --format says %s", file, reportFormats[implied].name, named),
			"leave --format out: the file's name sets the format",
		)
	}
	return reportFormats[chosen], nil
}

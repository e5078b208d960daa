package cli

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dot-for-dbt/compare/report"
	"dot-for-dbt/internal/ui"
)

func TestFormatOf(t *testing.T) {
	for _, tt := range []struct{ format, file, want, err string }{
		{"auto", "", "text", ""},
		{"auto", "report", "text", ""},
		{"auto", "report.txt", "text", ""},
		{"auto", "out.d/report.json", "json", ""},
		{"auto", "report.md", "markdown", ""},
		{"auto", "Report.HTML", "html", ""},
		{"json", "", "json", ""},
		{"json", "report", "json", ""},
		{"markdown", "comment.txt", "markdown", ""},
		{"html", "report.html", "html", ""},
		{"json", "report.html", "", "--output report.html means html, but --format says json"},
		{"text", "report.md", "", "--output report.md means markdown, but --format says text"},
	} {
		got, err := formatOf(tt.format, tt.file)
		if got.name != tt.want || tt.err == "" && err != nil || tt.err != "" && (err == nil || err.Error() != tt.err) {
			t.Errorf("--format %s --output %q: %q, %v; want %q, %q", tt.format, tt.file, got.name, err, tt.want, tt.err)
		}
	}
}

// printing returns an app that prints to stdout, and a report.
func printing(t *testing.T, stdout *ui.Output) (*app, report.Report) {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "compare", "report", "testdata", "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := report.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	p := Process{Dir: t.TempDir(), Stderr: new(bytes.Buffer), Now: func() time.Time { return r.Generated }}
	return &app{Process: p, Stdout: stdout, color: ui.Auto, say: ui.NewPrinter(p.Stderr, ui.Auto, p.getenv)}, r
}

// Each format goes to a pipe and to a file alike: without colours, and nothing is
// cut. A pipe that can't be written is an error of each.
func TestPrintReport(t *testing.T) {
	for _, f := range reportFormats {
		t.Run(f.name, func(t *testing.T) {
			var piped bytes.Buffer
			a, r := printing(t, ui.NewOutput(&piped))
			if err := new(reportArgs).print(a, f, r); err != nil {
				t.Fatal(err)
			}
			if err := (&reportArgs{Output: "report"}).print(a, f, r); err != nil {
				t.Fatal(err)
			}
			written, err := os.ReadFile(filepath.Join(a.Dir, "report"))
			if err != nil || !bytes.Equal(written, piped.Bytes()) || len(written) == 0 {
				t.Errorf("%v; the file has\n%s\nthe pipe has\n%s", err, written, &piped)
			}
			if f.name == "text" && strings.ContainsAny(piped.String(), "\x1b…") {
				t.Errorf("coloured or cut:\n%s", &piped)
			}
			a, r = printing(t, ui.NewOutput(fullDisk{}))
			err = new(reportArgs).print(a, f, r)
			if code := a.exit(t.Context(), err); code != exitError {
				t.Errorf("on a full disk: exit code %d", code)
			}
			if got := a.Stderr.(*bytes.Buffer).String(); got != "error: write to stdout: full\n" {
				t.Errorf("on a full disk: %q", got)
			}
		})
	}
}

// fullDisk takes nothing.
type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("full") }

package report

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"math"
	"strconv"
	"sync"

	"dot-for-dbt/internal/text"
)

// The page can be read without its script. The script adds filters, sorting, search and
// folding. The page's policy names style and script by their digests, so that nothing
// else in the page can run or load anything.
var (
	//go:embed page.html
	pageHTML string
	//go:embed page.css
	pageCSS string
	//go:embed page.js
	pageJS string

	// Most commands write no page.
	pageTemplate = sync.OnceValue(func() *template.Template {
		return template.Must(template.New("page").Funcs(template.FuncMap{
			"number": number, "short": short,
		}).Parse(pageHTML))
	})
)

// pageBytes is the largest size of a page with up to 1,000 relations. With more
// relations the page may grow in proportion. Details that don't fit are left out, the
// least important first, and the page says so.
const pageBytes = 1_000_000

// HTML writes a report as a self-contained HTML page.
func HTML(w io.Writer, r Report) error {
	p := newPage(r)
	if err := p.fill(); err != nil {
		return fmt.Errorf("write the report as HTML: %w", err)
	}
	var out bytes.Buffer
	if err := pageTemplate().ExecuteTemplate(&out, "page", p); err != nil {
		return fmt.Errorf("write the report as HTML: %w", err)
	}
	// Names and SQL may hold control characters that change how text looks. The page
	// itself has none.
	_, err := w.Write(text.Escape(out.Bytes()))
	return err
}

// page is what the template shows.
type page struct {
	Title       string
	Command     string // that made the report
	Project     string // its name in dbt
	Policy      string
	Style       template.CSS
	Script      template.JS
	Generated   string
	LeftOut     []string // parts that did not fit
	Comparisons []*pageComparison
}

func newPage(r Report) *page {
	p := &page{
		Policy: "default-src 'none'; style-src '" + digest(pageCSS) + "'; script-src '" + digest(pageJS) + "'; " +
			"base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'",
		Style:     template.CSS(pageCSS),
		Script:    template.JS(pageJS),
		Generated: stamp(r.Generated),
	}
	ids := identifiers{}
	for _, c := range r.Comparisons {
		comparison := newPageComparison(c, ids)
		comparison.OfSeveral = len(r.Comparisons) > 1
		p.Comparisons = append(p.Comparisons, comparison)
	}
	p.Command = "dot compare"
	if len(r.Comparisons) > 0 { // they are all of one project
		p.Project = r.Comparisons[0].Project
		if r.Comparisons[0].Upgrade != nil {
			p.Command = "dot upgrade-check"
		}
	}
	switch len(p.Comparisons) {
	case 0:
		p.Title = "Nothing was compared"
	case 1:
		p.Title = p.Comparisons[0].Title()
	default:
		p.Title = fmt.Sprintf("%d comparisons with %s", len(p.Comparisons), r.Comparisons[0].Baseline.Name)
	}
	return p
}

// digest returns the name that a policy has for a script or style in the page.
func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// parts has the parts of a relation's details, the most important first, with their
// names on the page.
var parts = []struct {
	template, name string
	of             func(*pageRelation) bool // whether a relation has it
}{
	{"facts", "details", func(r *pageRelation) bool { return !r.Plain() }},
	{"columns", "columns", func(r *pageRelation) bool { return len(r.Relation.Columns) > 0 }},
	{"diff", "source", func(r *pageRelation) bool { return r.SQL != "" }},
	{"sample", "sample", func(r *pageRelation) bool { return len(r.Sample) > 0 }},
}

// maxMisfits: after this many relations for which a part did not fit, no more are
// tried, since rendering a part takes time.
const maxMisfits = 50

// fill gives each relation as many details as the page has room for.
func (p *page) fill() error {
	var bare bytes.Buffer
	if err := pageTemplate().ExecuteTemplate(&bare, "page", p); err != nil {
		return err
	}
	relations := 0
	for _, c := range p.Comparisons {
		relations += len(c.Relations)
	}
	left := int(pageBytes*math.Max(1, float64(relations)/1000)) - bare.Len()
	left -= 1000 // the page's own note on what was left out

	for _, part := range parts {
		omitted := 0
		for _, c := range p.Comparisons {
			for _, r := range c.Relations {
				if !part.of(r) {
					continue
				}
				if omitted >= maxMisfits {
					omitted++
					continue
				}
				var out bytes.Buffer
				if err := pageTemplate().ExecuteTemplate(&out, part.template, r); err != nil {
					return err
				}
				size := len(text.Escape(bytes.TrimSpace(out.Bytes())))
				if size == 0 {
					continue
				}
				if !r.More() {
					size += moreBytes
				}
				if size > left {
					omitted++
					continue
				}
				left -= size
				r.Details = append(r.Details, template.HTML(bytes.TrimSpace(out.Bytes())))
			}
		}
		if omitted > 0 {
			p.LeftOut = append(p.LeftOut, fmt.Sprintf("the %s of %s", part.name, count(int64(omitted), "relation")))
		}
	}
	return nil
}

// moreBytes is the size of the element around a relation's details.
const moreBytes = 64

// identifiers has the ids that a page has so far.
type identifiers map[string]bool

// take makes an id from a name. The id needs no escaping, and it is the same in the
// next report, so that links keep working.
func (taken identifiers) take(name string) string {
	clean := make([]byte, 0, len(name))
	for _, r := range name {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '_':
			clean = append(clean, byte(r))
		default:
			clean = append(clean, '-')
		}
	}
	id := string(clean)
	for n := 2; taken[id]; n++ {
		id = string(clean) + "-" + strconv.Itoa(n)
	}
	taken[id] = true
	return id
}

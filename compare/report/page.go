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

	"dot-for-dbt/internal/text"
)

// The page is a document that can be read as it is; the script adds what one
// does with it: filter, sort, search, fold. Style and script are named in the
// page's policy by their digest, so nothing else that ends up in it can run or
// load anything.
var (
	//go:embed page.html
	pageHTML string
	//go:embed page.css
	pageCSS string
	//go:embed page.js
	pageJS string

	pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
		"number": number, "short": short,
	}).Parse(pageHTML))
)

// pageBytes is how large the page of a comparison of a thousand relations may
// become; of more relations, in proportion. What is over it is left out, the
// least important first, and the page says so.
const pageBytes = 1_000_000

// HTML writes a report as a page of HTML that needs nothing besides itself.
func HTML(w io.Writer, r Report) error {
	p := newPage(r)
	if err := p.fill(); err != nil {
		return fmt.Errorf("write the report as HTML: %w", err)
	}
	var out bytes.Buffer
	if err := pageTemplate.ExecuteTemplate(&out, "page", p); err != nil {
		return fmt.Errorf("write the report as HTML: %w", err)
	}
	// No name and no SQL may look like what it isn't. The page itself has no character that steers.
	_, err := w.Write(text.Escape(out.Bytes()))
	return err
}

// page is what the template shows.
type page struct {
	Title       string
	Policy      string
	Style       template.CSS
	Script      template.JS
	Generated   string
	LeftOut     []string // what there was no room for
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

// digest is how a policy names a script or a style that stands in the page.
func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// parts are the parts of a relation's details in the order in which they get a
// place while there is one, and what the page calls them.
var parts = []struct {
	template, name string
	of             func(*pageRelation) bool // whether a relation has it
}{
	{"facts", "details", func(r *pageRelation) bool { return !r.Plain() }},
	{"columns", "columns", func(r *pageRelation) bool { return len(r.Relation.Columns) > 0 }},
	{"diff", "SQL diff", func(r *pageRelation) bool { return r.SQL != "" }},
	{"sample", "sample", func(r *pageRelation) bool { return len(r.Sample) > 0 }},
}

// misfits is after how many of a part that there was no room for no more is
// tried: to write what is then left out takes its time, too.
const misfits = 50

// fill gives each relation as many of its details as the page has room for.
func (p *page) fill() error {
	var bare bytes.Buffer
	if err := pageTemplate.ExecuteTemplate(&bare, "page", p); err != nil {
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
				if omitted >= misfits {
					omitted++
					continue
				}
				var out bytes.Buffer
				if err := pageTemplate.ExecuteTemplate(&out, part.template, r); err != nil {
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

// moreBytes is what the place of a relation's details takes, without them.
const moreBytes = 64

// identifiers are the ids that a page has so far.
type identifiers map[string]bool

// take makes an id of a name: one that is the same in the next report, so that
// links to it last, and that needs no escaping.
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

//go:build unix

package report_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"dot-for-dbt/compare/report"
)

// tooWide names elements that are wider than the window and not inside a narrower
// scrolling element.
const tooWide = `[...document.querySelectorAll("body *")].filter(e =>
	e.getBoundingClientRect().right > screen.width + 0.5 && !e.closest(".canvas *, .diff *, .sample *, .hide, pre *")).map(e => e.outerHTML.slice(0, 120))`

// TestPageLooks loads the page at two widths, light and dark: nothing is wider than
// the window, nothing is loaded, and there are no complaints.
func TestPageLooks(t *testing.T) {
	b := newTab(t)
	for _, width := range []int{1280, 390} {
		for _, scheme := range []string{"light", "dark"} {
			t.Run(fmt.Sprintf("%d %s", width, scheme), func(t *testing.T) {
				b.t = t
				b.look(width, scheme)
				b.open(example(t))
				b.want(tooWide, "[]")
				b.want("document.documentElement.scrollWidth", strconv.Itoa(width))
				b.shoot(fmt.Sprintf("%d-%s", width, scheme))
				b.eval(`document.querySelectorAll(".open").forEach(e => e.click())`)
				b.want(tooWide, "[]")
				b.want("document.documentElement.scrollWidth", strconv.Itoa(width))
				b.shoot(fmt.Sprintf("%d-%s-open", width, scheme))
				b.quiet()
			})
		}
	}
}

// shown names the visible relations of the first comparison, in their order.
const shown = `[...document.querySelector(".comparison").querySelectorAll(".relations > tbody")].filter(e => e.checkVisibility()).map(e => e.id.split(".").pop())`

// opened names the relations that are open.
const opened = `[...document.querySelectorAll(".relations .open[aria-expanded=true]")].filter(e => e.closest("tbody").querySelector(".more").checkVisibility()).map(e => e.closest("tbody").id.split(".").pop())`

// rowsOf names the relations of the example's first comparison that have one of the
// verdicts, as shown does; without verdicts, all of them.
func rowsOf(t *testing.T, verdicts ...report.Verdict) string {
	t.Helper()
	names := []string{}
	for _, r := range example(t).Comparisons[0].Relations {
		if len(verdicts) == 0 || slices.Contains(verdicts, r.Verdict) {
			names = append(names, r.Node[strings.LastIndex(r.Node, ".")+1:])
		}
	}
	text, err := json.Marshal(names)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// openVerdicts has the verdicts that are shown at first.
func openVerdicts() []report.Verdict {
	return slices.DeleteFunc(slices.Clone(report.Verdicts), func(v report.Verdict) bool {
		return v.Folded()
	})
}

func TestPageFilters(t *testing.T) {
	b := newTab(t)
	b.look(1280, "light")
	b.open(example(t))
	b.want(shown, rowsOf(t, openVerdicts()...))

	b.click(`[data-v=same] button`)
	b.want(shown, rowsOf(t, append(openVerdicts(), report.Same)...))
	b.want(`document.querySelector("[data-v=same] button").ariaPressed`, `"true"`)

	for _, v := range []string{"unknown", "columns-differ", "history-differs", "removed", "added", "not-built", "equal-within-tolerance", "same-but-for-the-schema", "same"} {
		b.click(`.counts [data-v=` + v + `] button`)
	}
	b.want(shown, rowsOf(t, report.Differs))
	b.want(`document.querySelector("[data-v=same] button").ariaPressed`, `"false"`)
	b.want(`document.querySelector("[role=status]").textContent`, `"8 of 29 shown; 21 more have a verdict that is filtered out."`)

	b.click(`.status button`) // all
	b.want(shown, rowsOf(t))
	b.want(`document.querySelector(".status button").checkVisibility()`, "false")
	b.quiet()
}

// A renamed relation is shown, although its data is the same. The others with that verdict stay
// folded.
func TestPageShowsRenamed(t *testing.T) {
	b := newTab(t)
	b.look(1280, "light")
	r := example(t)
	relations := r.Comparisons[0].Relations
	same := slices.IndexFunc(relations, func(r report.Relation) bool { return r.Name == "gl_entries" })
	relations[same].RenamedFrom = "ledger"
	b.open(r)
	b.want(shown+`.includes("gl_entries")`, "true")
	b.want(shown+`.includes("dim_products")`, "false")
	b.want(`document.querySelector("[data-v=same] button").ariaPressed`, `"false"`)
}

func TestPageSearches(t *testing.T) {
	b := newTab(t)
	b.look(390, "dark")
	b.open(example(t))
	b.press("/")
	b.want(`document.activeElement.className`, `"search"`)
	b.write("PAYM")
	b.want(shown, `["fct_payments","int_order_payments","stg_payments","payment_methods","stg_legacy_payments"]`)
	b.want(`document.querySelector("[role=status]").textContent`, `"5 of 29 shown; 1 more match and have a verdict that is filtered out."`)
	b.write(" marts/") // part of a file's path: both words must match
	b.want(shown, `["fct_payments"]`)
	b.press("Escape")
	b.want(shown, rowsOf(t, openVerdicts()...))
	b.write("nothing is called this")
	b.want(shown, "[]")
	b.quiet()
}

func TestPageSorts(t *testing.T) {
	b := newTab(t)
	b.look(1280, "light")
	b.open(example(t))
	const sorts = `[...document.querySelector(".relations thead").querySelectorAll("th[aria-sort]")].map(e => e.textContent + " " + e.ariaSort)`
	head := func(n int) string { return fmt.Sprintf(`.relations thead th:nth-child(%d) button`, n) }
	first := func(n int) string { return shown + fmt.Sprintf(".slice(0, %d)", n) }

	b.want(sorts, `["Verdict ascending"]`)
	b.click(head(1))
	b.want(sorts, `["Relation ascending"]`)
	b.want(first(3), `["customer_value","daily_stock","dim_customers"]`)
	b.click(head(1))
	b.want(sorts, `["Relation descending"]`)
	b.want(first(2), `["unioned_tables","tax_report"]`)
	b.click(head(3)) // numbers start with the largest
	b.want(sorts, `["Rows descending"]`)
	b.want(first(3), `["order_events","daily_stock","fct_payments"]`)
	b.click(head(6))
	b.want(first(4), `["snap_customers","fct_orders","fct_sessions","int_sessions"]`) // 811, 512, 240 twice
	b.click(head(6))
	b.want(first(2), `["payment_methods","revenue_by_month"]`) // relations without a number stay at the end
	b.click(head(2))
	b.want(shown, rowsOf(t, openVerdicts()...))
	b.click(head(2))
	b.want(shown+".at(-1)", `"tax_report"`)
	b.quiet()
}

func TestPageOpens(t *testing.T) {
	b := newTab(t)
	b.look(1280, "light")
	b.open(example(t))
	b.want(opened, "[]")
	b.want(`document.querySelectorAll(".more").length > 0 && [...document.querySelectorAll(".more")].every(e => !e.checkVisibility())`, "true")
	b.click(`[id="model.shop.fct_orders"] .open`)
	b.want(opened, `["fct_orders"]`)
	b.click(`[id="model.shop.fct_orders"] td:nth-child(4)`) // anywhere in the row
	b.want(opened, "[]")
	b.click(`.tools .tool`)
	b.want(opened+`.length`, b.eval(`[...document.querySelector(".comparison").querySelectorAll(".open")].filter(e => e.checkVisibility()).length`))
	b.want(`document.querySelector(".tools .tool").textContent`, `"Collapse all"`)
	b.click(`.tools .tool`)
	b.want(opened, "[]")
	// Every button names the element that it opens.
	b.want(`[...document.querySelectorAll(".open")].filter(e => document.getElementById(e.getAttribute("aria-controls")) !== e.closest("tbody").querySelector(".more")).length`, "0")
	b.quiet()
}

// Everything works with the keyboard, and the focus is visible.
func TestPageTakesKeys(t *testing.T) {
	b := newTab(t)
	b.look(1280, "light")
	b.open(example(t))
	const focus = `document.activeElement.textContent`
	const ring = `getComputedStyle(document.activeElement).outlineStyle !== "none" || getComputedStyle(document.activeElement.querySelector("rect")).strokeWidth === "3px"`
	stops := map[string]bool{}
	// Tab goes from the top to the first relation, through all controls.
	for range 100 {
		b.press("Tab")
		if b.eval(ring) != "true" {
			t.Errorf("it can't be seen that %s is where one is", b.eval(`document.activeElement.outerHTML.slice(0, 200)`))
		}
		stops[b.eval(`document.activeElement.closest("nav, summary, .skip, .canvas, .counts, .tools, thead, tbody").localName`)] = true
		if b.eval(`document.activeElement.className`) == `"open"` {
			break
		}
	}
	for _, place := range []string{"nav", "summary", "a", "div", "ul", "thead", "tbody"} {
		if !stops[strconv.Quote(place)] {
			t.Errorf("Tab does not come to %s", place)
		}
	}
	b.want(focus, `"order_events"`)
	b.press("Enter")
	b.want(opened, `["order_events"]`)
	b.press("Space")
	b.want(opened, "[]")
	b.press("Tab")
	b.want(focus, `"tax_report"`)
	b.press("Shift+Tab")
	b.want(focus, `"order_events"`)

	b.eval(`document.querySelector(".skip").focus()`) // past the graph's many links
	b.press("Enter")
	b.press("Tab")
	b.want(`document.activeElement.closest("li").dataset.v`, `"unknown"`)
	b.press("Space")
	b.want(shown, rowsOf(t, openVerdicts()[1:]...))
	b.eval(`document.querySelector(".relations thead button").focus()`)
	b.press("Enter")
	b.want(shown+`[0]`, `"customer_value"`)
	b.want(`document.activeElement.closest("th").ariaSort`, `"ascending"`)
	b.quiet()
}

// A link to a relation, in the graph or elsewhere, shows and opens the relation even if
// it is filtered out.
func TestPageLinks(t *testing.T) {
	b := newTab(t)
	b.look(1280, "light")
	b.open(example(t))
	node := func(name string) string { return `.node[href="#model.shop.` + name + `"]` }
	const inView = `(r => r.top >= 0 && r.top < innerHeight)(document.activeElement.getBoundingClientRect())`

	b.click(node("fct_orders"))
	b.want(opened, `["fct_orders"]`)
	b.want(`document.activeElement.textContent`, `"fct_orders"`)
	b.want(inView, "true")

	b.want(shown+`.includes("dim_products")`, "false")
	b.click(node("dim_products"))
	b.want(shown+`.includes("dim_products")`, "true")
	b.want(shown+`.includes("gl_entries")`, "false") // still filtered out
	b.want(`document.activeElement.textContent`, `"dim_products"`)
	b.want(inView, "true")

	// The same link again, after its relation was closed.
	b.press("Enter")
	b.eval(`dispatchEvent(new HashChangeEvent("hashchange"))`) // as late as the click's own may be
	b.want(opened, `["fct_orders"]`)
	b.click(node("dim_products"))
	b.want(opened, `["fct_orders","dim_products"]`)

	b.visit(strings.Trim(b.eval(`location.href.split("#")[0]`), `"`) + "?#model.shop.stg_events")
	b.want(`document.activeElement.closest("tbody").id`, `"model.shop.stg_events"`)
	b.want(shown+`.includes("stg_events")`, "true")
	b.want(inView, "true")
	b.quiet()
}

// Without its script all of the page can be read.
func TestPageWithoutScript(t *testing.T) {
	b := newTab(t)
	b.do("Emulation.setScriptExecutionDisabled", map[string]any{"value": true}, nil)
	b.look(390, "light")
	b.open(example(t))
	b.shoot("390-no-script")
	b.want(`document.querySelectorAll("button, input").length`, "0")
	b.want(shown, rowsOf(t))
	b.want(`[...document.querySelectorAll("body, body *")].filter(e => !e.checkVisibility() && !e.matches("title, col, colgroup, td:empty, .mark, .relations td:last-child, .relations th:last-child")).map(e => e.outerHTML.slice(0, 99))`, "[]")
	b.look(1280, "light")
	b.shoot("1280-no-script")
	b.want("document.documentElement.scrollWidth", "1280")
	b.quiet()
}

// On paper filtered relations stay hidden, and the details of the others are shown.
func TestPagePrints(t *testing.T) {
	b := newTab(t)
	b.look(1280, "dark")
	b.open(example(t))
	b.do("Emulation.setEmulatedMedia", map[string]any{"media": "print", "features": []any{map[string]any{"name": "prefers-color-scheme", "value": "dark"}}}, nil)
	b.shoot("print")
	b.want(shown, rowsOf(t, openVerdicts()...))
	b.want(`[...document.querySelectorAll(".relations > tbody:not(.away) .more")].every(e => e.checkVisibility())`, "true")
	b.want(`document.querySelector(".search").checkVisibility()`, "false")
	b.want(`getComputedStyle(document.body).color`, `"rgb(27, 31, 36)"`) // dark, on white
	b.quiet()
	b.look(800, "light") // about a sheet of paper
	b.do("Emulation.setEmulatedMedia", map[string]any{"media": "print"}, nil)
	b.shoot("print-800")
	b.want(`[...document.querySelectorAll("th, td, dd, pre")].filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.outerHTML.slice(0, 99))`, "[]")
	var pdf struct{ Data string }
	b.do("Page.printToPDF", nil, &pdf)
	if dir := os.Getenv("DOT_TEST_PICTURES"); dir != "" {
		text, err := base64.StdEncoding.DecodeString(pdf.Data)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "print.pdf"), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// Nasty texts run and load nothing, and don't break the page.
func TestPageIsSafe(t *testing.T) {
	b := newTab(t)
	r, _ := poisoned()
	b.open(r)
	b.eval(`document.querySelectorAll("button").forEach(e => e.click())`)
	b.want(`typeof pwned`, `"undefined"`)
	b.want(`document.querySelectorAll("img").length + document.scripts.length + document.styleSheets.length`, "2")
	b.want(`document.querySelector(".relations th small").textContent.startsWith("</script></style><img src=x")`, "true")
	b.quiet()

	// The policy stops what isn't escaped.
	b.want(`new Promise(done => {
		addEventListener("securitypolicyviolation", e => done(e.effectiveDirective));
		document.body.append(Object.assign(document.createElement("img"), {src: "data:image/gif;base64,R0lGODlhAQABAAAAACw="}));
	})`, `"img-src"`)
	b.want(`(() => { try { document.body.setAttribute("onclick", "pwned = 1"); return "taken"; } catch (e) { return e.name; } })()`, `"TypeError"`)
	b.want(`(() => { try { document.body.innerHTML = "x"; return "taken"; } catch (e) { return e.name; } })()`, `"TypeError"`)
}

// A page of a thousand relations works, too.
func TestPageOfManyRelations(t *testing.T) {
	b := newTab(t)
	b.look(1280, "light")
	b.open(shop(1000, func(i int) report.Verdict {
		if i%20 == 0 {
			return report.Differs
		}
		return report.SameCode
	}, rich(10, 20, 6)))
	b.shoot("1280-many")
	b.want(shown+".length", "50")
	b.click(".counts [data-v=same-code] button")
	b.want(shown+".length", "1000")
	b.want(`document.querySelectorAll(".node").length`, "100") // those that differ, and their children
	b.want(`document.querySelector(".note").textContent.startsWith("100 of 1,000 relations are drawn: ")`, "true")
	b.quiet()
}

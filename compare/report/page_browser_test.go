//go:build unix

package report_test

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"dot-for-dbt/compare/report"
)

// A browser is Chromium, or one of its kind, without a window. It is spoken to in
// the DevTools protocol through a pair of pipes.
type browser struct {
	t       *testing.T
	out     io.Writer
	in      *bufio.Reader
	last    int
	session string
	loaded  bool
	// complaints are what the page's script threw, and what the browser logged: a
	// breach of the page's policy, for one.
	complaints []string
}

// browserNames are what browsers that speak the protocol are called.
var browserNames = []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge"}

// startBrowser starts a browser, or skips the test where there is none.
func startBrowser(t *testing.T) *browser {
	t.Helper()
	program := os.Getenv("DOT_TEST_BROWSER")
	fails := t.Skipf // one that happens to be there and can't be used is none
	if program != "" {
		fails = t.Fatalf
	}
	for _, name := range browserNames {
		if program != "" {
			break
		}
		program, _ = exec.LookPath(name)
	}
	if program == "" {
		t.Skip("no browser was found: install Chromium, or name it in DOT_TEST_BROWSER")
	}
	toBrowser, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	in, fromBrowser, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	var said bytes.Buffer
	cmd := exec.Command(program, "--headless=new", "--remote-debugging-pipe", "--user-data-dir="+home,
		"--no-first-run", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking", "--disable-extensions",
		"--hide-scrollbars", "--force-color-profile=srgb", "about:blank")
	if os.Geteuid() == 0 {
		cmd.Args = append(cmd.Args, "--no-sandbox") // root gets none
	}
	cmd.Env = append(os.Environ(), "HOME="+home, "TZ=UTC", "LANG=C.UTF-8")
	cmd.ExtraFiles = []*os.File{toBrowser, fromBrowser} // 3 and 4, as the protocol has it
	cmd.Stderr = &said
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		fails("the browser does not start: %v", err)
	}
	toBrowser.Close()
	fromBrowser.Close()
	b := &browser{t: t, out: out, in: bufio.NewReader(in)}
	t.Cleanup(func() {
		out.Close() // it ends with the pipe
		_, _ = io.Copy(io.Discard, in)
		in.Close()
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
	})

	var target struct{ TargetID string }
	if err := b.try("Target.createTarget", map[string]any{"url": "about:blank"}, &target); err != nil {
		fails("the browser does not answer: %v\n%s", err, said.String())
	}
	var attached struct{ SessionID string }
	b.do("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	b.session = attached.SessionID
	for _, domain := range []string{"Page", "Runtime", "Log", "Network"} {
		b.do(domain+".enable", nil, nil)
	}
	return b
}

// message is what the protocol sends either way.
type message struct {
	ID        int             `json:"id,omitempty"`
	SessionID string          `json:"sessionId,omitempty"`
	Method    string          `json:"method,omitempty"`
	Params    any             `json:"params,omitempty"`
	Result    json.RawMessage `json:"result,omitempty"`
	Error     json.RawMessage `json:"error,omitempty"`
}

// do has the browser do something, and reads what came of it.
func (b *browser) do(method string, params, result any) {
	b.t.Helper()
	if err := b.try(method, params, result); err != nil {
		b.t.Fatalf("%s: %v", method, err)
	}
}

func (b *browser) try(method string, params, result any) error {
	b.last++
	text, err := json.Marshal(message{ID: b.last, SessionID: b.session, Method: method, Params: params})
	if err != nil {
		return err
	}
	if _, err := b.out.Write(append(text, 0)); err != nil {
		return err
	}
	for {
		m, err := b.next()
		switch {
		case err != nil:
			return err
		case m.ID != b.last:
			continue
		case len(m.Error) > 0:
			return errors.New(string(m.Error))
		case result == nil:
			return nil
		}
		return json.Unmarshal(m.Result, result)
	}
}

// next reads a message; what the browser tells unasked is taken note of.
func (b *browser) next() (message, error) {
	text, err := b.in.ReadBytes(0)
	if err != nil {
		return message{}, err
	}
	var m message
	if err := json.Unmarshal(bytes.TrimSuffix(text, []byte{0}), &m); err != nil {
		return message{}, err
	}
	switch m.Method {
	case "Page.loadEventFired":
		b.loaded = true
	case "Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded":
		b.complaints = append(b.complaints, string(text))
	case "Network.requestWillBeSent":
		if !strings.Contains(string(text), `"url":"file:`) && !strings.Contains(string(text), `"url":"about:`) {
			b.complaints = append(b.complaints, "a request: "+string(text))
		}
	}
	return m, nil
}

// open shows a report.
func (b *browser) open(r report.Report) {
	b.t.Helper()
	var text bytes.Buffer
	if err := report.HTML(&text, r); err != nil {
		b.t.Fatal(err)
	}
	file := filepath.Join(b.t.TempDir(), "report.html")
	if err := os.WriteFile(file, text.Bytes(), 0o600); err != nil {
		b.t.Fatal(err)
	}
	b.visit((&url.URL{Scheme: "file", Path: filepath.ToSlash(file)}).String())
}

// visit goes to an address and waits until it has been loaded.
func (b *browser) visit(address string) {
	b.t.Helper()
	b.loaded = false
	b.do("Page.navigate", map[string]any{"url": address}, nil)
	for !b.loaded {
		if _, err := b.next(); err != nil {
			b.t.Fatal(err)
		}
	}
}

// eval returns what an expression of JavaScript is, as JSON.
func (b *browser) eval(expression string) string {
	b.t.Helper()
	var out struct {
		Result struct {
			Value json.RawMessage
		}
		ExceptionDetails json.RawMessage
	}
	b.do("Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true, "awaitPromise": true, "userGesture": true}, &out)
	if len(out.ExceptionDetails) > 0 {
		b.t.Fatalf("%s: %s", expression, out.ExceptionDetails)
	}
	return string(out.Result.Value)
}

// want fails unless an expression is what it should be, as JSON.
func (b *browser) want(expression, want string) {
	b.t.Helper()
	if got := b.eval(expression); got != want {
		b.t.Errorf("%s is %s, want %s", expression, got, want)
	}
}

// quiet fails if there was something to complain of until now.
func (b *browser) quiet() {
	b.t.Helper()
	for _, c := range b.complaints {
		b.t.Error(c)
	}
	b.complaints = nil
}

// keys are the keys that tests press.
var keys = map[string]map[string]any{
	"Tab":       {"key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9},
	"Enter":     {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "text": "\r"},
	"Space":     {"key": " ", "code": "Space", "windowsVirtualKeyCode": 32, "text": " "},
	"Escape":    {"key": "Escape", "code": "Escape", "windowsVirtualKeyCode": 27},
	"/":         {"key": "/", "code": "Slash", "windowsVirtualKeyCode": 191, "text": "/"},
	"Shift+Tab": {"key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9, "modifiers": 8},
}

// press presses a key.
func (b *browser) press(name string) {
	b.t.Helper()
	for _, kind := range []string{"keyDown", "keyUp"} {
		params := map[string]any{"type": kind}
		for k, v := range keys[name] {
			if kind == "keyDown" || k != "text" {
				params[k] = v
			}
		}
		b.do("Input.dispatchKeyEvent", params, nil)
	}
}

// write types a text.
func (b *browser) write(text string) {
	b.t.Helper()
	b.do("Input.insertText", map[string]any{"text": text}, nil)
}

// click clicks into the middle of an element.
func (b *browser) click(selector string) {
	b.t.Helper()
	at := b.eval(`(() => {
		const e = document.querySelector(` + quote(selector) + `);
		e.scrollIntoView({block: "center"});
		const r = e.getBoundingClientRect();
		return {x: r.x + r.width / 2, y: r.y + r.height / 2};
	})()`)
	var point map[string]any
	if err := json.Unmarshal([]byte(at), &point); err != nil {
		b.t.Fatal(err)
	}
	for _, kind := range []string{"mousePressed", "mouseReleased"} {
		b.do("Input.dispatchMouseEvent", map[string]any{"type": kind, "x": point["x"], "y": point["y"], "button": "left", "clickCount": 1}, nil)
	}
}

func quote(text string) string {
	quoted, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return string(quoted)
}

// look sets how wide the window is, and whether it is dark.
func (b *browser) look(width int, scheme string) {
	b.t.Helper()
	b.do("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": 900, "screenWidth": width, "screenHeight": 900, "deviceScaleFactor": 1, "mobile": width < 600}, nil)
	b.do("Emulation.setEmulatedMedia", map[string]any{"features": []any{map[string]any{"name": "prefers-color-scheme", "value": scheme}}}, nil)
}

// shoot saves pictures of the page, from its top to its end, in the directory
// that DOT_TEST_PICTURES names, for a person to look at; if it names none, it
// does nothing.
func (b *browser) shoot(name string) {
	b.t.Helper()
	dir := os.Getenv("DOT_TEST_PICTURES")
	if dir == "" {
		return
	}
	var size struct{ Width, Height int }
	if err := json.Unmarshal([]byte(b.eval(`({width: innerWidth, height: document.documentElement.scrollHeight})`)), &size); err != nil {
		b.t.Fatal(err)
	}
	const most = 1600 // more can't be made out in one
	for y := 0; y < size.Height; y += most {
		var shot struct{ Data string }
		b.do("Page.captureScreenshot", map[string]any{"captureBeyondViewport": true, "clip": map[string]any{
			"x": 0, "y": y, "width": size.Width, "height": min(most, size.Height-y), "scale": 1,
		}}, &shot)
		picture, err := base64.StdEncoding.DecodeString(shot.Data)
		if err != nil {
			b.t.Fatal(err)
		}
		file := filepath.Join(dir, fmt.Sprintf("%s-%d.png", name, y/most+1))
		if err := os.WriteFile(file, picture, 0o600); err != nil {
			b.t.Fatal(err)
		}
	}
}

// tooWide names elements that are wider than the window and are not scrolled in
// one that isn't.
const tooWide = `[...document.querySelectorAll("body *")].filter(e =>
	e.getBoundingClientRect().right > screen.width + 0.5 && !e.closest(".canvas *, .diff *, .sample *, .hide, pre *")).map(e => e.outerHTML.slice(0, 120))`

// TestPageLooks loads the page at two widths, light and dark: nothing is wider than
// the window, nothing is loaded, and nothing is complained of.
func TestPageLooks(t *testing.T) {
	b := startBrowser(t)
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

// shown names the relations that are to be seen, in their order, in the first
// comparison.
const shown = `[...document.querySelector(".comparison").querySelectorAll(".relations > tbody")].filter(e => e.checkVisibility()).map(e => e.id.split(".").pop())`

// opened names the relations that are open.
const opened = `[...document.querySelectorAll(".relations .open[aria-expanded=true]")].filter(e => e.closest("tbody").querySelector(".more").checkVisibility()).map(e => e.closest("tbody").id.split(".").pop())`

// rowsOf are the relations of the example's first comparison that have one of the
// verdicts, as shown has them; all if there are none.
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

// openVerdicts are those that are not folded at first.
func openVerdicts() []report.Verdict {
	return slices.DeleteFunc(slices.Clone(report.Verdicts), func(v report.Verdict) bool {
		return v.Folded()
	})
}

func TestPageFilters(t *testing.T) {
	b := startBrowser(t)
	b.look(1280, "light")
	b.open(example(t))
	b.want(shown, rowsOf(t, openVerdicts()...))

	b.click(`[data-v=same] button`)
	b.want(shown, rowsOf(t, append(openVerdicts(), report.Same)...))
	b.want(`document.querySelector("[data-v=same] button").ariaPressed`, `"true"`)

	for _, v := range []string{"unknown", "columns-differ", "history-differs", "removed", "added", "not-built", "equal-within-tolerance", "same"} {
		b.click(`.counts [data-v=` + v + `] button`)
	}
	b.want(shown, rowsOf(t, report.Differs))
	b.want(`document.querySelector("[data-v=same] button").ariaPressed`, `"false"`)
	b.want(`document.querySelector("[role=status]").textContent`, `"8 of 28 shown; 20 more have a verdict that is filtered out."`)

	b.click(`.status button`) // all
	b.want(shown, rowsOf(t))
	b.want(`document.querySelector(".status button").checkVisibility()`, "false")
	b.quiet()
}

func TestPageSearches(t *testing.T) {
	b := startBrowser(t)
	b.look(390, "dark")
	b.open(example(t))
	b.press("/")
	b.want(`document.activeElement.className`, `"search"`)
	b.write("PAYM")
	b.want(shown, `["fct_payments","int_order_payments","stg_payments","payment_methods","stg_legacy_payments"]`)
	b.want(`document.querySelector("[role=status]").textContent`, `"5 of 28 shown; 1 more match and have a verdict that is filtered out."`)
	b.write(" marts/") // the file's directory: both words have to be there
	b.want(shown, `["fct_payments"]`)
	b.press("Escape")
	b.want(shown, rowsOf(t, openVerdicts()...))
	b.write("nothing is called this")
	b.want(shown, "[]")
	b.quiet()
}

func TestPageSorts(t *testing.T) {
	b := startBrowser(t)
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
	b.want(first(2), `["tax_report","stg_refunds"]`)
	b.click(head(3)) // numbers begin with the greatest
	b.want(sorts, `["Rows descending"]`)
	b.want(first(3), `["order_events","daily_stock","fct_payments"]`)
	b.click(head(6))
	b.want(first(4), `["snap_customers","fct_orders","fct_sessions","int_sessions"]`) // 811, 512, 240 twice
	b.click(head(6))
	b.want(first(2), `["payment_methods","revenue_by_month"]`) // what has none stays below
	b.click(head(2))
	b.want(shown, rowsOf(t, openVerdicts()...))
	b.click(head(2))
	b.want(shown+".at(-1)", `"tax_report"`)
	b.quiet()
}

func TestPageOpens(t *testing.T) {
	b := startBrowser(t)
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
	// Every button names what it opens.
	b.want(`[...document.querySelectorAll(".open")].filter(e => document.getElementById(e.getAttribute("aria-controls")) !== e.closest("tbody").querySelector(".more")).length`, "0")
	b.quiet()
}

// Everything can be done with the keyboard, and it is seen where one is.
func TestPageTakesKeys(t *testing.T) {
	b := startBrowser(t)
	b.look(1280, "light")
	b.open(example(t))
	const focus = `document.activeElement.textContent`
	const ring = `getComputedStyle(document.activeElement).outlineStyle !== "none" || getComputedStyle(document.activeElement.querySelector("rect")).strokeWidth === "3px"`
	stops := map[string]bool{}
	// From the top to the first relation, by what there is to do.
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

// A link to a relation, in the graph or from elsewhere, leads to it and opens it,
// though it is filtered out.
func TestPageLinks(t *testing.T) {
	b := startBrowser(t)
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
	b.want(shown+`.includes("gl_entries")`, "false") // as filtered out as it was
	b.want(`document.activeElement.textContent`, `"dim_products"`)
	b.want(inView, "true")

	// The same link once more, after its relation was closed.
	b.press("Enter")
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
	b := startBrowser(t)
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

// On paper what is filtered stays so, and all there is to say of the rest is said.
func TestPagePrints(t *testing.T) {
	b := startBrowser(t)
	b.look(1280, "dark")
	b.open(example(t))
	b.do("Emulation.setEmulatedMedia", map[string]any{"media": "print", "features": []any{map[string]any{"name": "prefers-color-scheme", "value": "dark"}}}, nil)
	b.shoot("print")
	b.want(shown, rowsOf(t, openVerdicts()...))
	b.want(`[...document.querySelectorAll(".relations > tbody:not(.away) .more")].every(e => e.checkVisibility())`, "true")
	b.want(`document.querySelector(".search").checkVisibility()`, "false")
	b.want(`getComputedStyle(document.body).color`, `"rgb(27, 31, 36)"`) // dark, on white
	b.quiet()
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

// Nothing nasty runs, loads or breaks the page.
func TestPageIsSafe(t *testing.T) {
	b := startBrowser(t)
	r, _ := poisoned()
	b.open(r)
	b.eval(`document.querySelectorAll("button").forEach(e => e.click())`)
	b.want(`typeof pwned`, `"undefined"`)
	b.want(`document.querySelectorAll("img").length + document.scripts.length + document.styleSheets.length`, "2")
	b.want(`document.querySelector(".relations th small").textContent.startsWith("</script></style><img src=x")`, "true")
	b.quiet()

	// The policy holds, should something get through.
	b.want(`new Promise(done => {
		addEventListener("securitypolicyviolation", e => done(e.effectiveDirective));
		document.body.append(Object.assign(document.createElement("img"), {src: "data:image/gif;base64,R0lGODlhAQABAAAAACw="}));
	})`, `"img-src"`)
	b.want(`(() => { try { document.body.setAttribute("onclick", "pwned = 1"); return "taken"; } catch (e) { return e.name; } })()`, `"TypeError"`)
	b.want(`(() => { try { document.body.innerHTML = "x"; return "taken"; } catch (e) { return e.name; } })()`, `"TypeError"`)
}

// A page of a thousand relations works, too.
func TestPageOfManyRelations(t *testing.T) {
	b := startBrowser(t)
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
	b.want(`document.querySelectorAll(".node").length`, "100") // what differs, and what is made of it
	b.want(`document.querySelector(".note").textContent.startsWith("100 of 1,000 relations are drawn: ")`, "true")
	b.quiet()
}

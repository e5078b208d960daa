//go:build unix

package report_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dot-for-dbt/compare/report"
)

// A tab is a tab of the tests' browser. Tabs share neither storage, size nor settings.
type tab struct {
	t       *testing.T
	browser *browser
	session string
	loaded  bool
	// complaints has the errors that the page's script threw and that the browser
	// logged, such as a violation of the page's policy.
	complaints []string
}

// newTab opens a tab, or skips the test if there is no browser.
func newTab(t *testing.T) *tab {
	t.Helper()
	browser, err := theBrowser()
	switch {
	case err == nil:
	case os.Getenv("DOT_TEST_BROWSER") != "":
		t.Fatal(err)
	default: // an installed browser that can't be used counts as missing
		t.Skip(err)
	}
	b := &tab{t: t, browser: browser}
	var context struct{ BrowserContextID string }
	b.do("Target.createBrowserContext", nil, &context)
	var target struct{ TargetID string }
	b.do("Target.createTarget", map[string]any{"url": "about:blank", "browserContextId": context.BrowserContextID}, &target)
	var attached struct{ SessionID string }
	b.do("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	b.session = attached.SessionID
	t.Cleanup(func() {
		b.t, b.session = t, ""
		b.do("Target.disposeBrowserContext", map[string]any{"browserContextId": context.BrowserContextID}, nil)
	})
	for _, domain := range []string{"Page", "Runtime", "Log", "Network"} {
		b.do(domain+".enable", nil, nil)
	}
	return b
}

// do sends the browser a command, and reads the result.
func (b *tab) do(method string, params, result any) {
	b.t.Helper()
	if err := b.browser.call(b.session, method, params, result, b.hear); err != nil {
		b.t.Fatalf("%s: %v", method, err)
	}
}

// hear handles the browser's events about this tab.
func (b *tab) hear(m message) {
	if m.SessionID != b.session {
		return
	}
	switch m.Method {
	case "Page.loadEventFired":
		b.loaded = true
	case "Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded":
		b.complaints = append(b.complaints, m.text)
	case "Network.requestWillBeSent":
		if !strings.Contains(m.text, `"url":"file:`) && !strings.Contains(m.text, `"url":"about:`) {
			b.complaints = append(b.complaints, "a request: "+m.text)
		}
	}
}

// open shows a report.
func (b *tab) open(r report.Report) {
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

// visit opens an address and waits until the page is loaded.
func (b *tab) visit(address string) {
	b.t.Helper()
	b.loaded = false
	b.do("Page.navigate", map[string]any{"url": address}, nil)
	for !b.loaded {
		m, err := b.browser.next()
		if err != nil {
			b.t.Fatal(err)
		}
		b.hear(m)
	}
}

// eval returns the value of a JavaScript expression as JSON.
func (b *tab) eval(expression string) string {
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

// want fails unless an expression has this value, as JSON.
func (b *tab) want(expression, want string) {
	b.t.Helper()
	if got := b.eval(expression); got != want {
		b.t.Errorf("%s is %s, want %s", expression, got, want)
	}
}

// quiet fails if there were complaints so far.
func (b *tab) quiet() {
	b.t.Helper()
	for _, c := range b.complaints {
		b.t.Error(c)
	}
	b.complaints = nil
}

// keys has the keys that tests press.
var keys = map[string]map[string]any{
	"Tab":       {"key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9},
	"Enter":     {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "text": "\r"},
	"Space":     {"key": " ", "code": "Space", "windowsVirtualKeyCode": 32, "text": " "},
	"Escape":    {"key": "Escape", "code": "Escape", "windowsVirtualKeyCode": 27},
	"/":         {"key": "/", "code": "Slash", "windowsVirtualKeyCode": 191, "text": "/"},
	"Shift+Tab": {"key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9, "modifiers": 8},
}

// press presses a key.
func (b *tab) press(name string) {
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
func (b *tab) write(text string) {
	b.t.Helper()
	b.do("Input.insertText", map[string]any{"text": text}, nil)
}

// click clicks at the center of an element.
func (b *tab) click(selector string) {
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

// look sets the window's width, and light or dark.
func (b *tab) look(width int, scheme string) {
	b.t.Helper()
	b.do("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": 900, "screenWidth": width, "screenHeight": 900, "deviceScaleFactor": 1, "mobile": width < 600}, nil)
	b.do("Emulation.setEmulatedMedia", map[string]any{"features": []any{map[string]any{"name": "prefers-color-scheme", "value": scheme}}}, nil)
}

// shoot saves pictures of the whole page in the directory that DOT_TEST_PICTURES names,
// for a person to look at. Without that variable it does nothing.
func (b *tab) shoot(name string) {
	b.t.Helper()
	dir := os.Getenv("DOT_TEST_PICTURES")
	if dir == "" {
		return
	}
	var size struct{ Width, Height int }
	if err := json.Unmarshal([]byte(b.eval(`({width: innerWidth, height: document.documentElement.scrollHeight})`)), &size); err != nil {
		b.t.Fatal(err)
	}
	const most = 1600 // in a taller picture nothing could be read
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

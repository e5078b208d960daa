//go:build unix

// Package site tests the documentation site that make docs has built, in a browser: no page is wider than the
// window, nothing is loaded from elsewhere, and the search finds each message by its text. It needs the
// environment variable DOT_TEST_DOCS.
package site

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// built is the site.
const built = "../build/site"

// patience is how long a browser may take for all pages.
const patience = 5 * time.Minute

// inBrowser opens a page with a script in a browser that sees the site, and returns what the script
// hands to done. window is the size of the window.
func inBrowser(t *testing.T, window, script string, result any) {
	t.Helper()
	if os.Getenv("DOT_TEST_DOCS") == "" {
		t.Skip("DOT_TEST_DOCS is not set: run make test-docs")
	}
	program := os.Getenv("DOT_TEST_BROWSER")
	if program == "" {
		var err error
		if program, err = exec.LookPath("chromium"); err != nil {
			t.Skip(err)
		}
	}
	if _, err := os.Stat(filepath.Join(built, "index.html")); err != nil {
		t.Fatal(err)
	}
	answers := make(chan string, 1)
	mux := http.NewServeMux()
	mux.Handle("/", http.FileServer(http.Dir(built)))
	mux.HandleFunc("/test/done", func(_ http.ResponseWriter, r *http.Request) {
		var answer json.RawMessage
		if err := json.NewDecoder(r.Body).Decode(&answer); err != nil {
			answer, _ = json.Marshal(err.Error())
		}
		answers <- string(answer)
	})
	mux.HandleFunc("/test/page", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `<!doctype html><body style="margin: 0"><script>
const done = value => fetch("/test/done", {method: "POST", body: JSON.stringify(value)})
const frame = document.createElement("iframe")
frame.style = "border: 0; width: 100vw; height: 100vh"
document.body.append(frame)
const visit = page => new Promise(resolve => { frame.onload = resolve; frame.src = page })
const until = async (ready, milliseconds) => {
  for (const end = Date.now() + milliseconds; Date.now() < end; await new Promise(r => setTimeout(r, 20)))
    if (ready()) return true
  return false
}
(async () => { %s })().catch(error => done({failed: String(error)}))
</script>`, script)
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	home, err := os.MkdirTemp("", "browser-")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "--headless=new", "--remote-debugging-port=0", "--user-data-dir="+home, "--no-first-run", "--disable-gpu",
		"--disable-dev-shm-usage", "--disable-background-networking", "--hide-scrollbars", "--window-size="+window, server.URL+"/test/page")
	if os.Geteuid() == 0 {
		cmd.Args = append(cmd.Args, "--no-sandbox")
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
		// The browser's other processes end a moment later, and write until then.
		for end := time.Now().Add(10 * time.Second); os.RemoveAll(home) != nil && time.Now().Before(end); {
			runtime.Gosched()
		}
	}()
	select {
	case answer := <-answers:
		if err := json.Unmarshal([]byte(answer), result); err != nil {
			t.Fatalf("%s: %v", answer, err)
		}
	case <-time.After(patience):
		t.Fatal("the browser doesn't answer")
	}
}

// pages returns the site's pages.
func pages(t *testing.T) (all []string) {
	t.Helper()
	for _, pattern := range []string{"*.html", "*/*.html"} {
		found, err := filepath.Glob(filepath.Join(built, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range found {
			name, err := filepath.Rel(built, file)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, filepath.ToSlash(name))
		}
	}
	return all
}

// A page fits into a window for a desk and one for a hand, and loads nothing from elsewhere.
func TestPages(t *testing.T) {
	for _, window := range []string{"1280,900", "390,844"} {
		t.Run(window, func(t *testing.T) {
			var found struct {
				Failed  string
				Visited int
				Width   int
				Wide    []string
				Foreign []string
			}
			list, err := json.Marshal(pages(t))
			if err != nil {
				t.Fatal(err)
			}
			inBrowser(t, window, `
const width = `+strings.Split(window, ",")[0]+`
frame.style.width = width + "px" // Chromium's own windows are at least 500 pixels wide
const found = {visited: 0, width: 0, wide: [], foreign: []}
for (const page of `+string(list)+`) {
  await visit("/" + page)
  const root = frame.contentDocument.documentElement
  found.visited++
  found.width = root.clientWidth
  if (root.scrollWidth > root.clientWidth) found.wide.push(page + ": " + root.scrollWidth)
  for (const entry of frame.contentWindow.performance.getEntriesByType("resource"))
    if (!entry.name.startsWith(location.origin)) found.foreign.push(page + ": " + entry.name)
}
await done(found)`, &found)
			if found.Failed != "" || found.Visited < 60 {
				t.Fatalf("%d pages, %s", found.Visited, found.Failed)
			}
			if want := strings.Split(window, ",")[0]; fmt.Sprint(found.Width) != want {
				t.Errorf("the pages were %d pixels wide, want %s", found.Width, want)
			}
			for _, page := range found.Wide {
				t.Errorf("wider than the window: %s", page)
			}
			for _, what := range found.Foreign {
				t.Errorf("loaded from elsewhere: %s", what)
			}
		})
	}
}

// elsewhere makes a message of an example one of another project: its names are of no use to the search.
func elsewhere(message string) string {
	for _, change := range []struct{ from, to string }{
		{`\b[0-9a-f]{7}\b`, "9ab12cd"},
		{`/(shop|elsewhere|home)\b`, "/srv/jaffle"},
		{`\bshop\b`, "jaffle"},
		{`\bdev\b`, "staging"},
		{`\bprod\b`, "live"},
		{`\bmain\b`, "trunk"},
		{`:\d+:\d+`, ":17:9"},
		{`"(days|region|deb|qa|mian|models)"`, `"surprise"`},
	} {
		message = regexp.MustCompile(change.from).ReplaceAllString(message, change.to)
	}
	return message
}

// Who searches for an error gets the page of messages first, with the section about it among the first results. The
// names in the error may be those of another project.
func TestSearch(t *testing.T) {
	goldens, err := filepath.Glob("../testdata/golden/errors/*.golden")
	if err != nil || len(goldens) < 50 {
		t.Fatalf("%d messages, %v", len(goldens), err)
	}
	type search struct{ Typed, Wanted, Page string }
	searches := []search{ // which the messages must not hide
		{"slim ci", "Slim CI", "howto/slim-ci.html"},
		{"exit codes", "Exit codes", "exit-codes.html"},
		{"environment variables", "Environment variables", "environment-variables.html"},
		{"pre-commit", "With pre-commit", "pre-commit.html"},
		{"Limits", "Limits", "limits.html"},
		{"dot drop", "dot drop", "commands/dot-drop.html"},
	}
	for _, file := range goldens {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if m := regexp.MustCompile(`(?m)^error: (.+)$`).FindAllSubmatch(text, -1); m != nil {
			message := string(m[len(m)-1][1])
			searches = append(searches, search{message, message, "messages.html"}, search{elsewhere(message), message, "messages.html"})
		}
	}
	list, err := json.Marshal(searches)
	if err != nil {
		t.Fatal(err)
	}
	var found struct {
		Failed   string
		Searched int
		Lost     []string
	}
	inBrowser(t, "1280,900", `
const found = {searched: 0, lost: []}
await visit("/index.html")
const root = frame.contentDocument
const input = root.querySelector(".md-search__input")
input.focus()
const links = () => [...root.querySelectorAll(".md-search-result__link")].slice(0, 10)
const results = () => links().map(link => link.textContent.replace(/\s+/g, " ")).join("\n")
const type = text => {
  input.value = text
  input.dispatchEvent(new frame.contentWindow.Event("input", {bubbles: true}))
  input.dispatchEvent(new frame.contentWindow.KeyboardEvent("keyup", {bubbles: true}))
}
const plain = text => text.replace(/\s+/g, " ").slice(0, 60)
for (const {Typed, Wanted, Page} of `+string(list)+`) {
  type("")
  if (!await until(() => results() === "", 5000)) throw "the last search stays"
  type(Typed)
  found.searched++
  if (!await until(() => links().length > 0 && links()[0].href.includes("/" + Page) && results().includes(plain(Wanted)), 5000)) found.lost.push(Typed + " → " + results().slice(0, 150))
}
await done(found)`, &found)
	if found.Failed != "" || found.Searched != len(searches) {
		t.Fatalf("%d searched, %s", found.Searched, found.Failed)
	}
	for _, message := range found.Lost {
		t.Errorf("not found: %s", message)
	}
}

package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/durable"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/text"
)

// manName is the name of dot's man page: Graphviz has a page called dot. The page of dot build is
// dot-for-dbt-build.
const manName = "dot-for-dbt"

// manCommand prints man pages, which are made from the grammar, as the help is.
type manCommand struct {
	Command []string `arg:"" optional:"" name:"command" help:"The command: build, or docs generate. Default: dot as a whole."`
	Dir     string   `placeholder:"DIR" help:"Write all pages into a directory, for packages: dot-for-dbt.1, dot-for-dbt-build.1, …"`
	Format  string   `enum:"roff,markdown" default:"roff" placeholder:"FORM" help:"roff, for man, or markdown, for a site."`
}

func (c *manCommand) run(_ context.Context, a *app, _ *commandLine) error {
	parser, err := a.parser(wholeGrammar())
	if err != nil {
		return err
	}
	root := parser.Model.Node
	if c.Dir != "" {
		if len(c.Command) > 0 {
			return hint.New("--dir writes the pages of all commands", "leave "+strings.Join(c.Command, " ")+" out")
		}
		return c.writePages(root, a.outputFile("--dir", c.Dir).path)
	}
	node := root
	for _, word := range c.Command {
		i := slices.IndexFunc(node.Children, func(child *kong.Node) bool {
			return !child.Hidden && (child.Name == word || slices.Contains(child.Aliases, word))
		})
		if i < 0 {
			return hint.Add(fmt.Errorf("dot has no command %s", text.Visible(strings.Join(c.Command, " "))), "dot --help lists the commands")
		}
		node = node.Children[i]
	}
	page, _ := c.page(node)
	_, err = a.Stdout.Write(page)
	return err
}

// page returns the page of a command, and the name of its file.
func (c *manCommand) page(node *kong.Node) (text []byte, name string) {
	if c.Format == "markdown" {
		return markdownPage(node), strings.Join(append([]string{"dot"}, nodeWords(node)...), "-") + ".md"
	}
	return manPage(node), pageName(node) + ".1"
}

// writePages writes the page of dot and of each of its commands, without those below plan and
// explain: their flags are on the pages of the commands themselves.
func (c *manCommand) writePages(root *kong.Node, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	nodes := []*kong.Node{root}
	for i := 0; i < len(nodes); i++ { // grows
		node := nodes[i]
		text, name := c.page(node)
		if err := durable.Write(filepath.Join(dir, name), text, 0o644); err != nil {
			return err
		}
		if !isPlanned(node) {
			nodes = append(nodes, commandsOf(node)...)
		}
	}
	return nil
}

// isPlanned reports whether a node is dot plan or dot explain.
func isPlanned(node *kong.Node) bool {
	words := nodeWords(node)
	return len(words) == 1 && (words[0] == "plan" || words[0] == "explain")
}

// commandsOf returns the commands of a node that are not hidden.
func commandsOf(node *kong.Node) []*kong.Node {
	return slices.DeleteFunc(slices.Clone(node.Children), func(child *kong.Node) bool { return child.Hidden })
}

// nodeWords returns the words of a command, without dot.
func nodeWords(node *kong.Node) []string {
	var words []string
	for ; node.Parent != nil; node = node.Parent {
		words = append(words, node.Name)
	}
	slices.Reverse(words)
	return words
}

func pageName(node *kong.Node) string {
	return strings.Join(append([]string{manName}, nodeWords(node)...), "-")
}

// manPage returns the man page of a command, in roff with the macros of man(7).
func manPage(node *kong.Node) []byte {
	m := &roff{}
	words := nodeWords(node)
	command := strings.Join(append([]string{"dot"}, words...), " ")
	title := strings.ToUpper(pageName(node))
	about := node.Help
	if len(words) == 0 {
		about, _, _ = strings.Cut(description, "\n")
	}
	m.macro("TH", title, "1", builtOn(), "dot", "dot")
	m.macro("SH", "NAME")
	m.line(escapeRoff(pageName(node)) + ` \-`)
	m.text(firstSentence(about))
	m.macro("SH", "SYNOPSIS")
	m.macro("B", command)
	m.text(synopsis(node))
	m.macro("SH", "DESCRIPTION")
	if len(words) == 0 {
		about = description
	}
	for i, paragraph := range strings.Split(about, "\n\n") {
		if i > 0 {
			m.macro("PP")
		}
		if strings.HasPrefix(paragraph, " ") {
			m.code(strings.Split(strings.TrimRight(paragraph, "\n"), "\n"))
		} else {
			m.text(paragraph)
		}
	}
	if children := commandsOf(node); len(children) > 0 {
		m.macro("SH", "COMMANDS")
		for _, child := range children {
			m.tagged(strings.Join(nodeWords(child), " "), child.Help)
		}
	}
	if len(node.Positional) > 0 {
		m.macro("SH", "ARGUMENTS")
		for _, arg := range node.Positional {
			m.tagged(arg.Name, arg.Help)
		}
	}
	m.flags(node, words)
	if len(node.Children) == 0 || isPlanned(node) {
		m.macro("SH", "EXAMPLES")
		lines := examplesOf(words)
		m.code(lines[:])
	}
	m.macro("SH", "EXIT STATUS")
	m.tagged("0", "Done, or nothing to do.")
	m.tagged("2", "dot refused or could not go on. Other codes are dbt's own; 130 is Ctrl-C.")
	m.macro("SH", "SEE ALSO")
	see := []string{manName}
	if len(words) == 0 {
		see = nil
		for _, child := range commandsOf(node) {
			see = append(see, pageName(child))
		}
	} else if node.Parent.Parent != nil {
		see = append(see, pageName(node.Parent))
	}
	for i, name := range see {
		end := ","
		if i == len(see)-1 {
			end = ""
		}
		m.macro("BR", name, "(1)"+end)
	}
	return m.Bytes()
}

// synopsis returns what may follow a command's name.
func synopsis(node *kong.Node) string {
	if len(node.Children) > 0 {
		return "COMMAND [FLAGS] [-- DBT'S FLAGS]"
	}
	var parts []string
	for _, arg := range node.Positional {
		part := arg.Name
		if arg.IsSlice() {
			part += " ..."
		}
		if !arg.Required {
			part = "[" + part + "]"
		}
		parts = append(parts, part)
	}
	parts = append(parts, "[FLAGS]")
	if words := nodeWords(node); isDBTs(words) {
		parts = append(parts, "[-- DBT'S FLAGS]")
	}
	return strings.Join(parts, " ")
}

// isDBTs reports whether the words are a command of dbt's.
func isDBTs(words []string) bool {
	if len(words) > 0 && (words[0] == "plan" || words[0] == "explain") {
		words = words[1:]
	}
	_, ok := dbt.LookupCommand(strings.Join(words, " "))
	return ok
}

// flags writes the flags of a command, then the general ones that mean something for it.
func (m *roff) flags(node *kong.Node, words []string) {
	own, general := flagsOf(node, words)
	m.flagList("OPTIONS", own)
	title := "GENERAL OPTIONS"
	if len(own) == 0 {
		title = "OPTIONS"
	}
	m.flagList(title, general)
}

func (m *roff) flagList(title string, flags []*kong.Flag) {
	if len(flags) == 0 {
		return
	}
	m.macro("SH", title)
	for _, f := range flags {
		m.tagged(f.String(), f.Help)
	}
}

// builtOn is the date of the commit that this program was built from, "" if that isn't known.
func builtOn() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	return commitDate(settingsOf(info))
}

// roff is a page in the language of man pages.
type roff struct{ bytes.Buffer }

// macro writes a request with arguments.
func (m *roff) macro(name string, args ...string) {
	m.WriteString("." + name)
	for _, arg := range args {
		m.WriteString(` "` + strings.ReplaceAll(escapeRoff(arg), `"`, `\(dq`) + `"`)
	}
	m.WriteByte('\n')
}

// line writes roff as it is.
func (m *roff) line(text string) { io.WriteString(&m.Buffer, text+"\n") }

// text writes a paragraph's text, in short lines, as is usual in roff.
func (m *roff) text(text string) {
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len(line)+len(word) > 65 {
			m.plain(line)
			line = ""
		}
		line = strings.TrimLeft(line+" "+word, " ")
	}
	m.plain(line)
}

// plain writes a line of text.
func (m *roff) plain(text string) {
	text = escapeRoff(text)
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, `\(aq`) {
		text = `\&` + text // not a request
	}
	m.line(text)
}

// code writes lines that are printed as they are.
func (m *roff) code(lines []string) {
	m.macro("EX")
	for _, line := range lines {
		m.plain(strings.TrimSpace(line))
	}
	m.macro("EE")
}

// tagged writes a paragraph with a name in bold before it.
func (m *roff) tagged(name, about string) {
	m.macro("TP")
	m.macro("B", name)
	m.text(about)
}

// roffEscapes are written so that roff prints the characters as they are: a plain - would become a
// hyphen, ' a quote and ~ an accent, and a copied command would not run.
var roffEscapes = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "`", `\(ga`, "^", `\(ha`, "~", `\(ti`, "…", "...", "→", `\(->`)

func escapeRoff(text string) string { return roffEscapes.Replace(text) }

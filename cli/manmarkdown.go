package cli

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// markdownPage returns the page of a command for the documentation site: what its man page has, in
// Markdown. Flags are a list of definitions.
func markdownPage(node *kong.Node) []byte {
	var b bytes.Buffer
	words := nodeWords(node)
	command := strings.Join(append([]string{"dot"}, words...), " ")
	about := node.Help
	if len(words) == 0 {
		about, _, _ = strings.Cut(description, "\n")
	}
	fmt.Fprintf(&b, "# %s\n\n%s\n\n```\n%s %s\n```\n", command, escapeMarkdown(about), command, synopsis(node))
	definitions := func(title string, count int, item func(int) (name, help string)) {
		if count == 0 {
			return
		}
		fmt.Fprintf(&b, "\n## %s\n\n", title)
		for i := range count {
			name, help := item(i)
			fmt.Fprintf(&b, "`%s`\n:   %s\n\n", name, escapeMarkdown(help))
		}
	}
	children := commandsOf(node)
	if !isPlanned(node) { // the pages of these commands are their own
		definitions("Commands", len(children), func(i int) (string, string) { return children[i].Name, children[i].Help })
	}
	definitions("Arguments", len(node.Positional), func(i int) (string, string) { return node.Positional[i].Name, node.Positional[i].Help })
	own, general := flagsOf(node, words)
	definitions("Flags", len(own), func(i int) (string, string) { return own[i].String(), own[i].Help })
	definitions("General flags", len(general), func(i int) (string, string) { return general[i].String(), general[i].Help })
	if len(node.Children) == 0 || isPlanned(node) {
		lines := examplesOf(words)
		fmt.Fprintf(&b, "\n## Examples\n\n```\n%s\n%s\n```\n", lines[0], lines[1])
	}
	return b.Bytes()
}

// flagsOf returns a command's own flags, and the general ones that mean something for it.
func flagsOf(node *kong.Node, words []string) (own, general []*kong.Flag) {
	command := ""
	if len(words) > 0 {
		command = words[0]
	}
	root := node
	for ; root.Parent != nil; root = root.Parent {
		own = append(own, root.Flags...)
	}
	hidden := func(f *kong.Flag) bool { return f.Hidden }
	general = slices.DeleteFunc(slices.Clone(root.Flags), func(f *kong.Flag) bool { return f.Hidden || !belongs(f.Name, command) })
	return slices.DeleteFunc(own, hidden), general
}

// escapeMarkdown returns a text in which nothing is Markdown's.
func escapeMarkdown(text string) string { return markdownEscapes.Replace(text) }

var markdownEscapes = strings.NewReplacer(`\`, `\\`, "*", `\*`, "_", `\_`, "<", "&lt;", ">", "&gt;", "`", "\\`", "[", `\[`)

package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/alecthomas/kong"

	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/lazy"
	"dot-for-dbt/steps"
)

// completeCommand is the command that the completion scripts call:
//
//	dot __complete bash LINE REPLACED
//	dot __complete zsh|fish WORDS... WORD
//
// It prints completions of the last word, one on each line: for zsh as word:help,
// for fish as word, tab, help. For bash it leaves out the text before REPLACED, the
// end of the last word, which bash replaces. It reads small files and runs git; it
// writes nothing, prints no errors and never starts dbt.
const completeCommand = "__complete"

// A choice is a completion of a word.
type choice struct{ word, help string }

func (a *app) complete(ctx context.Context, args []string) {
	if len(args) < 2 {
		return
	}
	shell, words, before := args[0], args[1:], ""
	if shell == "bash" {
		words = shellWords(args[1])[1:]
		if len(args) > 2 {
			before = strings.TrimSuffix(words[len(words)-1], strings.Trim(args[2], `"'`))
		}
	}
	parser, err := a.parser(wholeGrammar())
	if err != nil {
		return
	}
	c := completer{app: a, node: parser.Model.Node, flags: parser.Model.Flags}
	word := words[len(words)-1]
	typed := strings.LastIndexByte(word, ' ') + 1 // in quotes: -s 'orders cust
	for _, found := range c.choices(ctx, words[:len(words)-1], word) {
		switch {
		case strings.ContainsFunc(found.word[typed:], special):
		case shell == "zsh":
			fmt.Fprintln(a.Stdout, strings.TrimSuffix(strings.ReplaceAll(found.word, ":", `\:`)+":"+found.help, ":"))
		case shell == "fish":
			fmt.Fprintln(a.Stdout, strings.TrimSuffix(found.word+"\t"+found.help, "\t"))
		default:
			fmt.Fprintln(a.Stdout, strings.TrimPrefix(found.word, before))
		}
	}
}

// special reports whether a character may have a meaning in a shell: a completed
// word must not run anything when the user presses Enter, and git allows a branch
// named $(reboot).
func special(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_-./@+=:,%", r)
}

// shellWords splits a command line into words as bash does, without quotes. The
// last word may be incomplete. There are always at least two words: the program
// and its first argument.
func shellWords(line string) []string {
	words := []string{""}
	var quote rune
	escaped, inWord := false, false
	for _, r := range line {
		last := &words[len(words)-1]
		switch {
		case escaped:
			*last += string(r)
			escaped = false
		case r == '\\' && quote != '\'':
			escaped, inWord = true, true
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == '"' || r == '\''):
			quote, inWord = r, true
		case quote == 0 && unicode.IsSpace(r):
			if inWord {
				words = append(words, "")
			}
			inWord = false
		default:
			*last += string(r)
			inWord = true
		}
	}
	if len(words) == 1 {
		words = append(words, "")
	}
	return words
}

// completer follows a command line through the grammar.
type completer struct {
	*app
	node  *kong.Node   // the command so far
	flags []*kong.Flag // of the command
	given int          // the number of arguments so far
	// builds is set if the command builds what it compares, so that any ref will do.
	builds bool
}

// choices returns the completions of word, after the words before it.
func (c completer) choices(ctx context.Context, before []string, word string) []choice {
	for i := 0; i < len(before); i++ {
		w := before[i]
		if w == "--" {
			return c.dbtFlags(word)
		}
		if !strings.HasPrefix(w, "-") {
			c.enter(w)
			continue
		}
		c.builds = c.builds || w == "--build" || w == "--fresh"
		if flag := c.flag(w); flag != nil && !flag.IsBool() && !strings.Contains(w, "=") {
			if i++; i == len(before) {
				return c.values(ctx, flag.Value, "", word)
			}
		}
	}
	if name, value, ok := strings.Cut(word, "="); ok && strings.HasPrefix(name, "--") {
		if flag := c.flag(name); flag != nil && !flag.IsBool() {
			return c.values(ctx, flag.Value, name+"=", value)
		}
		return nil
	}
	if strings.HasPrefix(word, "-") {
		return c.flagNames(word)
	}
	if last := len(c.node.Positional) - 1; c.given <= last || last >= 0 && c.node.Positional[last].IsSlice() {
		return c.values(ctx, c.node.Positional[min(c.given, last)], "", word)
	}
	var found []choice
	for _, child := range c.node.Children {
		if !child.Hidden {
			found = append(found, choice{child.Name, firstSentence(child.Help)})
		}
	}
	return startingWith(word, found)
}

// enter follows a word: it enters a command or counts an argument.
func (c *completer) enter(word string) {
	for _, child := range c.node.Children {
		if child.Name == word || slices.Contains(child.Aliases, word) {
			c.node, c.flags = child, append(slices.Clone(c.flags), child.Flags...)
			return
		}
	}
	c.given++
}

// flag finds a flag by its typed form: --name, --name=value or -n.
func (c completer) flag(typed string) *kong.Flag {
	name, _, _ := strings.Cut(typed, "=")
	for _, f := range c.flags {
		if name == "--"+f.Name || f.Short != 0 && name == "-"+string(f.Short) {
			return f
		}
	}
	return nil
}

func (c completer) flagNames(word string) []choice {
	var found []choice
	for _, f := range c.flags {
		if !f.Hidden {
			found = append(found, choice{"--" + f.Name, firstSentence(f.Help)})
		}
	}
	return startingWith(word, found)
}

// dbtFlags returns dbt's own flags, for use after "--", without those that dot sets.
func (c completer) dbtFlags(word string) []choice {
	if c.node.Parent == nil || !strings.HasPrefix(word, "-") {
		return nil
	}
	name := c.node.Name
	if parent := c.node.Parent; parent.Name == "docs" || parent.Name == "source" {
		name = parent.Name + " " + name
	}
	command, ok := dbt.LookupCommand(name)
	if !ok {
		return nil
	}
	var found []choice
	for _, f := range command.Flags() {
		if !slices.Contains([]string{"project-dir", "profiles-dir", "target-path", "log-path"}, f.Name) {
			found = append(found, choice{"--" + f.Name, "dbt's"})
		}
	}
	return startingWith(word, found)
}

// values returns the completions of an argument or of a flag's value. lead is the
// text before it in the same word.
func (c completer) values(ctx context.Context, v *kong.Value, lead, word string) []choice {
	var found []choice
	switch {
	case v.Enum != "":
		for value := range v.EnumMap() {
			found = append(found, choice{word: lead + value})
		}
		slices.SortFunc(found, func(a, b choice) int { return strings.Compare(a.word, b.word) })
	case v.Name == "env@ref" && slices.Contains(ofBuilds, c.node.Name) && !c.builds:
		if found = startingWith(lead+word, c.built(ctx, lead, word)); len(found) == 0 {
			found = c.specs(ctx, lead, word, true)
		}
	case v.Name == "env@ref":
		found = c.specs(ctx, lead, word, true)
	case v.Name == "defer", v.Name == "reuse", v.Name == "compare":
		found = c.specs(ctx, lead, word, false)
	case v.Name == "select", v.Name == "exclude":
		found = c.nodes(ctx, lead, word)
	}
	return startingWith(lead+word, found)
}

// specs completes environments before the @, and names of git after it.
func (c completer) specs(ctx context.Context, lead, word string, plain bool) []choice {
	env, _, isolated := strings.Cut(word, "@")
	var found []choice
	if isolated {
		names, err := steps.RefNames(ctx, c.world())
		if err != nil {
			return nil
		}
		for _, name := range names {
			found = append(found, choice{word: lead + env + "@" + name})
		}
		return found
	}
	project, err := steps.OpenProject(c.world())
	if err != nil {
		return nil
	}
	names, err := project.Environments(ctx)
	if err != nil {
		return nil
	}
	for _, name := range names {
		if plain {
			found = append(found, choice{lead + name, "on the working tree"})
		}
		found = append(found, choice{lead + name + "@", "at a commit"})
	}
	return found
}

// ofBuilds are the commands whose specs mean what is built already.
var ofBuilds = []string{"compare", "drop", "path", "prune", "retry", "schema", "status"}

// built completes the specs of builds: environments that have some before the @, and after it the
// commits of the builds and the refs that lead to them.
func (c completer) built(ctx context.Context, lead, word string) []choice {
	names, err := steps.BuiltNames(ctx, c.world())
	if err != nil {
		return nil
	}
	typed, _, isolated := strings.Cut(word, "@")
	var found []choice
	for _, name := range names {
		env, ref, _ := strings.Cut(name, "@")
		switch {
		case isolated && typed == "":
			found = append(found, choice{word: lead + "@" + ref})
		case isolated:
			found = append(found, choice{word: lead + name})
		case c.node.Name == "status" || c.node.Name == "prune":
			found = append(found, choice{lead + env, "all its builds"}, choice{lead + env + "@", "a build"})
		default:
			found = append(found, choice{lead + env + "@", "a build"})
		}
	}
	slices.SortFunc(found, func(a, b choice) int { return strings.Compare(a.word, b.word) })
	return slices.Compact(found)
}

// operators may stand before a node's name in a selection: +orders, 2+orders, @orders.
var operators = lazy.Regexp(`^([0-9]*\+|@)?`)

// nodes completes the last name of a selection. Names with a method are listed once the method is
// typed: path:models.
func (c completer) nodes(ctx context.Context, lead, word string) []choice {
	names, err := steps.NodeNames(ctx, c.world())
	if err != nil {
		return nil
	}
	at := strings.LastIndexAny(word, " ,") + 1
	at += len(operators().FindString(word[at:]))
	lead, word = lead+word[:at], word[at:]
	var found []choice
	methods := map[string]bool{}
	for _, name := range names {
		method, _, ok := strings.Cut(name, ":")
		switch {
		case !ok || strings.HasPrefix(word, method+":"):
			found = append(found, choice{word: lead + name})
		case !methods[method]:
			methods[method] = true
			found = append(found, choice{lead + method + ":", "a method of dbt's"})
		}
	}
	return found
}

// startingWith returns the choices that start with the typed text.
func startingWith(typed string, all []choice) []choice {
	return slices.DeleteFunc(all, func(c choice) bool { return !strings.HasPrefix(c.word, typed) })
}

// firstSentence returns the first sentence of a help text.
func firstSentence(text string) string {
	text, _, _ = strings.Cut(text, ". ")
	text, _, _ = strings.Cut(text, ": ")
	return strings.TrimSuffix(text, ".")
}

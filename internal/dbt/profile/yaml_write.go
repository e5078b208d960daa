package profile

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// yamlWriter writes nodes as block YAML that means the same to every reader: plain scalars as they
// were, all others in double quotes.
type yamlWriter struct {
	file string // for errors
	out  strings.Builder
}

// pair writes a key and its value. The line is indented already.
func (w *yamlWriter) pair(p yamlPair, depth int) error {
	key := p.key.written()
	// Readers look for the colon within 1024 characters, on the same line.
	if utf8.RuneCountInString(key) > 1000 {
		return fmt.Errorf("%s: this key can't be written back", p.key.place(w.file))
	}
	w.out.WriteString(key + ":")
	return w.value(p.value, depth)
}

// value writes the part after a colon or a dash, line break included.
func (w *yamlWriter) value(n *yamlNode, depth int) error {
	switch {
	case n.kind == yamlScalar:
		if text := n.written(); text != "" {
			w.out.WriteString(" " + text)
		}
		w.out.WriteByte('\n')
		return nil
	case n.tag != "":
		w.out.WriteString(" " + n.tag)
	}
	if len(n.pairs)+len(n.items) == 0 {
		w.out.WriteString(map[yamlKind]string{yamlMapping: " {}\n", yamlSequence: " []\n"}[n.kind])
		return nil
	}
	w.out.WriteByte('\n')
	for _, p := range n.pairs {
		w.indent(depth + 1)
		if err := w.pair(p, depth+1); err != nil {
			return err
		}
	}
	for _, item := range n.items {
		w.indent(depth + 1)
		w.out.WriteByte('-')
		if err := w.value(item, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (w *yamlWriter) indent(depth int) {
	w.out.WriteString(strings.Repeat("  ", depth))
}

// written returns the text of a scalar for the file.
func (n *yamlNode) written() string {
	text := n.text
	if !n.plain {
		text = quoteYAML(text)
	}
	if n.tag != "" {
		text = strings.TrimRight(n.tag+" "+text, " ")
	}
	return text
}

// quoteYAML writes a double-quoted scalar with the escapes of JSON, which YAML 1.1 and 1.2 read the
// same way.
func quoteYAML(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range s {
		switch {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteRune(c)
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\t':
			b.WriteString(`\t`)
		case c < 0x20, c >= 0x7f && c < 0xa0, c == 0x2028, c == 0x2029, c == 0xfeff, c >= 0xfff0 && c <= 0xffff, c >= 0xd800 && c < 0xe000:
			fmt.Fprintf(&b, `\u%04x`, c)
		default:
			b.WriteRune(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

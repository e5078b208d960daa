package pyyaml

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Block writes a mapping as block YAML that means the same to every reader: plain scalars as they
// were, all others in double quotes.
func (n *Node) Block() ([]byte, error) {
	w := &blockWriter{}
	for _, p := range n.Pairs {
		if err := w.pair(p, 0); err != nil {
			return nil, err
		}
	}
	return []byte(w.out.String()), nil
}

type blockWriter struct{ out strings.Builder }

// pair writes a key and its value. The line is indented already.
func (w *blockWriter) pair(p Pair, depth int) error {
	key := p.Key.Written()
	// Readers look for the colon within 1024 characters, on the same line.
	if utf8.RuneCountInString(key) > 1000 {
		return p.Key.Errorf("this key can't be written back")
	}
	w.out.WriteString(key + ":")
	return w.value(p.Value, depth)
}

// value writes the part after a colon or a dash, line break included.
func (w *blockWriter) value(n *Node, depth int) error {
	switch {
	case n.Kind == Scalar:
		if text := n.Written(); text != "" {
			w.out.WriteString(" " + text)
		}
		w.out.WriteByte('\n')
		return nil
	case n.Tag != "":
		w.out.WriteString(" " + n.Tag)
	}
	if len(n.Pairs)+len(n.Items) == 0 {
		w.out.WriteString(map[Kind]string{Mapping: " {}\n", Sequence: " []\n"}[n.Kind])
		return nil
	}
	w.out.WriteByte('\n')
	for _, p := range n.Pairs {
		w.indent(depth + 1)
		if err := w.pair(p, depth+1); err != nil {
			return err
		}
	}
	for _, item := range n.Items {
		w.indent(depth + 1)
		w.out.WriteByte('-')
		if err := w.value(item, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (w *blockWriter) indent(depth int) {
	w.out.WriteString(strings.Repeat("  ", depth))
}

// Written returns the text of a scalar for the file.
func (n *Node) Written() string {
	text := n.Text
	if !n.Plain {
		text = Quote(text)
	}
	if n.Tag != "" {
		text = strings.TrimRight(n.Tag+" "+text, " ")
	}
	return text
}

// Quote writes a double-quoted scalar with the escapes of JSON, which YAML 1.1 and 1.2 read the
// same way.
func Quote(s string) string {
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

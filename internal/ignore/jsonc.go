package ignore

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tailscale/hujson"
)

// A document is an object in JSON with comments and trailing commas, as VS Code reads it. Only
// insertions change it: every existing byte stays.
type document struct {
	mark       string // the byte order mark, or ""
	text       []byte
	top        object
	eol        string
	unit       string // indentation of one level
	insertions []insertion
}

// An insertion is a text and its offset.
type insertion struct {
	at   int
	text string
}

// An object is a JSON object and its position.
type object struct {
	*hujson.Object
	open, close int // offsets of its braces
}

const byteOrderMark = "\ufeff"

// parse reads a document. A text without a value counts as an empty object, as in VS Code.
func parse(text []byte) (*document, error) {
	d := &document{eol: lineEnd(text)}
	if rest, marked := bytes.CutPrefix(text, []byte(byteOrderMark)); marked {
		d.mark, text = byteOrderMark, rest
	}
	d.text = text
	// hujson needs a line end after a line comment at the end of the file. VS Code doesn't.
	value, err := hujson.Parse(slices.Concat(text, []byte("\n")))
	if err != nil {
		empty := slices.Concat(text, []byte(d.eol+"{}"+d.eol))
		if len(text) == 0 || bytes.HasSuffix(text, []byte("\n")) {
			empty = slices.Concat(text, []byte("{}"+d.eol))
		}
		blank, failed := hujson.Parse(empty)
		if failed != nil || blank.StartOffset < len(text) {
			return nil, d.syntaxError(err)
		}
		d.text, value = empty, blank
	}
	var ok bool
	if d.top, ok = asObject(value); !ok {
		return nil, d.errorAt(value.StartOffset, "an object is expected here: {")
	}
	d.unit = "    " // VS Code's default
	if indent, ok := d.memberIndent(d.top); ok && indent != "" {
		d.unit = indent
	}
	return d, nil
}

func asObject(v hujson.Value) (object, bool) {
	o, ok := v.Value.(*hujson.Object)
	return object{o, v.StartOffset, v.EndOffset - 1}, ok
}

// lookup returns the value of a member, nil if there is none. If the name repeats, the last one
// wins, as in VS Code.
func (o object) lookup(name string) *hujson.Value {
	for i := len(o.Members) - 1; i >= 0; i-- {
		if literal, ok := o.Members[i].Name.Value.(hujson.Literal); ok && literal.String() == name {
			return &o.Members[i].Value
		}
	}
	return nil
}

// add appends members to an object, in the layout of the existing ones.
func (d *document) add(o object, members []member) {
	// Text after the last member or its comma, such as comments, stays above the new members. Only
	// the space before the brace moves below them.
	end := o.close - len(o.AfterExtra) + len(bytes.TrimRight(o.AfterExtra, " \t\r\n"))
	comma := ""
	if n := len(o.Members); n > 0 {
		last := o.Members[n-1].Value
		if last.AfterExtra != nil { // hujson's mark of a trailing comma
			comma = ","
		} else {
			d.insert(last.EndOffset, ",")
		}
		if !bytes.Contains(d.text[o.open:o.close], []byte("\n")) {
			d.insert(end, " "+layout{}.members("", members)+comma)
			return
		}
	}
	outer := d.lineIndent(o.open)
	inner, ok := d.memberIndent(o)
	if !ok {
		inner = outer + d.unit
	}
	text := d.eol + layout{indent: d.unit, eol: d.eol}.members(inner, members) + comma
	if !bytes.Contains(d.text[end:o.close], []byte("\n")) {
		text += d.eol + outer
	}
	d.insert(end, text)
}

func (d *document) insert(at int, text string) {
	d.insertions = append(d.insertions, insertion{at, text})
}

// edited returns the text with all insertions.
func (d *document) edited() []byte {
	slices.SortStableFunc(d.insertions, func(a, b insertion) int { return cmp.Compare(a.at, b.at) })
	out, from := []byte(d.mark), 0
	for _, i := range d.insertions {
		out = append(append(out, d.text[from:i.at]...), i.text...)
		from = i.at
	}
	return append(out, d.text[from:]...)
}

// lineIndent returns the indentation of the line at an offset.
func (d *document) lineIndent(at int) string {
	line := d.text[bytes.LastIndexByte(d.text[:at], '\n')+1 : at]
	return string(line[:len(line)-len(bytes.TrimLeft(line, " \t"))])
}

// memberIndent returns the indentation of the last member that begins a line.
func (d *document) memberIndent(o object) (string, bool) {
	for i := len(o.Members) - 1; i >= 0; i-- {
		at := o.Members[i].Name.StartOffset
		if indent := d.lineIndent(at); bytes.HasSuffix(d.text[:at], []byte("\n"+indent)) {
			return indent, true
		}
	}
	return "", false
}

// errorAt returns an error whose message begins with the offset's line:column.
func (d *document) errorAt(at int, text string) error {
	before := d.text[:min(at, len(d.text))]
	line := bytes.Count(before, []byte("\n")) + 1
	column := utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1
	return fmt.Errorf("%d:%d: %s", line, column, text)
}

// syntaxError takes the position out of hujson's error, but no text of the file: settings may hold
// secrets.
func (d *document) syntaxError(err error) error {
	var line, column int
	if _, failed := fmt.Sscanf(err.Error(), "hujson: line %d, column %d:", &line, &column); failed != nil {
		return errors.New("1:1: not JSON, even with comments")
	}
	at := column - 1
	for l := range bytes.Lines(d.text) {
		if line--; line == 0 {
			break
		}
		at += len(l)
	}
	return d.errorAt(at, "not JSON from here on, even with comments")
}

// A member is a name to add to an object. Its value is true, or an object of members.
type member struct {
	name    string
	members []member
}

// layout is the layout of objects. The zero layout is a single line.
type layout struct{ indent, eol string }

// object writes an object. outer is the indentation of its first line.
func (l layout) object(outer string, members []member) string {
	return "{" + l.eol + l.members(outer+l.indent, members) + l.eol + lineStart(l, outer) + "}"
}

// members writes members with the indentation inner, separated by commas.
func (l layout) members(inner string, members []member) string {
	texts := make([]string, len(members))
	for i, m := range members {
		value := "true"
		if m.members != nil {
			value = l.object(inner, m.members)
		}
		texts[i] = lineStart(l, inner) + `"` + m.name + `": ` + value
	}
	if l.eol == "" {
		return strings.Join(texts, ", ")
	}
	return strings.Join(texts, ","+l.eol)
}

// lineStart returns the indentation of a line, "" in the layout of a single line.
func lineStart(l layout, indent string) string {
	if l.eol == "" {
		return ""
	}
	return indent
}

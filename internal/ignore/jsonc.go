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

// A document is a text of JSON with comments and trailing commas, as VS Code
// reads it, whose value is an object. It changes only by what is put in
// between: every byte that was there stays.
type document struct {
	mark       string // the byte order mark, or ""
	text       []byte
	top        object
	eol        string
	unit       string // what one more level is indented by
	insertions []insertion
}

// An insertion is text to be put in at an offset.
type insertion struct {
	at   int
	text string
}

// An object is a JSON object and where it stands.
type object struct {
	*hujson.Object
	open, close int // offsets of its braces
}

const byteOrderMark = "\ufeff"

// parse reads a document. One without any value gets an empty object: VS Code
// takes it for one.
func parse(text []byte) (*document, error) {
	d := &document{eol: lineEnd(text)}
	if rest, marked := bytes.CutPrefix(text, []byte(byteOrderMark)); marked {
		d.mark, text = byteOrderMark, rest
	}
	d.text = text
	// A line comment at the end of the file needs no line end for VS Code.
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
	d.unit = "    " // VS Code's own
	if indent, ok := d.memberIndent(d.top); ok && indent != "" {
		d.unit = indent
	}
	return d, nil
}

func asObject(v hujson.Value) (object, bool) {
	o, ok := v.Value.(*hujson.Object)
	return object{o, v.StartOffset, v.EndOffset - 1}, ok
}

// lookup finds the value of a member, nil if there is none. Of several the
// last counts, as for VS Code.
func (o object) lookup(name string) *hujson.Value {
	for i := len(o.Members) - 1; i >= 0; i-- {
		if literal, ok := o.Members[i].Name.Value.(hujson.Literal); ok && literal.String() == name {
			return &o.Members[i].Value
		}
	}
	return nil
}

// add puts members at the end of an object, laid out as those before.
func (d *document) add(o object, members []member) {
	// What follows the last member or its comma, comments too, stays above
	// what is added. Only the space before the brace goes below.
	end := o.close - len(o.AfterExtra) + len(bytes.TrimRight(o.AfterExtra, " \t\r\n"))
	comma := ""
	if n := len(o.Members); n > 0 {
		last := o.Members[n-1].Value
		if last.AfterExtra != nil { // so hujson marks a trailing comma
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

// edited is the text with everything that was put in.
func (d *document) edited() []byte {
	slices.SortStableFunc(d.insertions, func(a, b insertion) int { return cmp.Compare(a.at, b.at) })
	out, from := []byte(d.mark), 0
	for _, i := range d.insertions {
		out = append(append(out, d.text[from:i.at]...), i.text...)
		from = i.at
	}
	return append(out, d.text[from:]...)
}

// lineIndent is what the line of an offset is indented by.
func (d *document) lineIndent(at int) string {
	line := d.text[bytes.LastIndexByte(d.text[:at], '\n')+1 : at]
	return string(line[:len(line)-len(bytes.TrimLeft(line, " \t"))])
}

// memberIndent is what the last member that begins a line is indented by.
func (d *document) memberIndent(o object) (string, bool) {
	for i := len(o.Members) - 1; i >= 0; i-- {
		at := o.Members[i].Name.StartOffset
		if indent := d.lineIndent(at); bytes.HasSuffix(d.text[:at], []byte("\n"+indent)) {
			return indent, true
		}
	}
	return "", false
}

// errorAt is an error at an offset, as line:column.
func (d *document) errorAt(at int, text string) error {
	before := d.text[:min(at, len(d.text))]
	line := bytes.Count(before, []byte("\n")) + 1
	column := utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1
	return fmt.Errorf("%d:%d: %s", line, column, text)
}

// syntaxError takes the place, but no text of the file's, out of hujson's
// error: settings may hold secrets.
func (d *document) syntaxError(err error) error {
	var line, column int
	if _, failed := fmt.Sscanf(err.Error(), "hujson: line %d, column %d:", &line, &column); failed != nil {
		return errors.New("1:1: no JSON, not even with comments")
	}
	at := column - 1
	for l := range bytes.Lines(d.text) {
		if line--; line == 0 {
			break
		}
		at += len(l)
	}
	return d.errorAt(at, "no JSON from here, not even with comments")
}

// A member is what is to be added to an object: a name with the value true, or
// with an object of members.
type member struct {
	name    string
	members []member
}

// layout is how objects are written. The zero layout is all on one line.
type layout struct{ indent, eol string }

// object writes an object that stands in a line indented by outer.
func (l layout) object(outer string, members []member) string {
	return "{" + l.eol + l.members(outer+l.indent, members) + l.eol + lineStart(l, outer) + "}"
}

// members writes members, indented by inner and separated by commas.
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

// lineStart is the indentation of a line, if there are lines.
func lineStart(l layout, indent string) string {
	if l.eol == "" {
		return ""
	}
	return indent
}

package artifact

import (
	"bufio"
	"bytes"
	"cmp"
	"io"
	"slices"
)

// Python writes three floats that JSON doesn't have, for a var or a meta such as `.inf`.
var pythonFloats = [][]byte{[]byte("-Infinity"), []byte("Infinity"), []byte("NaN")}

// longestFloat is the length of the longest of pythonFloats.
const longestFloat = len("-Infinity")

// pythonJSON reads JSON as Python writes it, as valid JSON of the same length: NaN and the
// infinities become texts.
type pythonJSON struct {
	from *bufio.Reader
	pythonScanner
}

func readPython(from io.Reader) *pythonJSON {
	return &pythonJSON{from: bufio.NewReaderSize(from, 64<<10)}
}

func (p *pythonJSON) Read(out []byte) (int, error) {
	if len(out) == 0 {
		return 0, nil
	}
	chunk, err := p.from.Peek(min(len(out)+longestFloat, p.from.Size()))
	if len(chunk) == 0 {
		return 0, err
	}
	ready := min(len(chunk), len(out))
	if err == nil { // a float at the end may be cut
		ready = min(ready, len(chunk)-longestFloat)
	}
	p.scan(chunk, ready)
	p.before += int64(ready)
	n := copy(out, chunk[:ready])
	_, err = p.from.Discard(n)
	return n, err
}

// fromPython is pythonJSON for a whole value. It changes the value.
func fromPython(value []byte) []byte {
	new(pythonScanner).scan(value, len(value))
	return value
}

// pythonScanner knows whether the next byte of the JSON is inside a text, and whether it is escaped
// there.
type pythonScanner struct {
	text, escaped bool

	before int64         // how many bytes it has scanned before this piece
	floats []pythonFloat // those that became texts, in order
}

// A pythonFloat is a float that became a text.
type pythonFloat struct {
	at   int64 // where it begins
	text []byte
}

// restore puts the floats back into a value that ends at this place of the JSON.
func (s *pythonScanner) restore(value []byte, end int64) {
	start := end - int64(len(value))
	i, _ := slices.BinarySearchFunc(s.floats, start, func(f pythonFloat, at int64) int { return cmp.Compare(f.at, at) })
	for ; i < len(s.floats) && s.floats[i].at < end; i++ {
		copy(value[s.floats[i].at-start:], s.floats[i].text)
	}
}

// scan changes the floats that begin in the first n bytes: their first and last letters become
// quotes. So lengths stay, and the three stay different.
func (s *pythonScanner) scan(b []byte, n int) {
	i := 0
	if s.escaped && n > 0 {
		s.escaped, i = false, 1
	}
	for i < n {
		if !s.text {
			i = s.between(b, i, n)
			continue
		}
		for i < n && s.text { // most of an artifact
			switch b[i] {
			case '"':
				s.text = false
			case '\\':
				i++
			}
			i++
		}
	}
	s.escaped = i > n
}

// between scans from i to the start of the next text, and returns the place after its quote.
func (s *pythonScanner) between(b []byte, i, n int) int {
	for ; i < n; i++ {
		switch b[i] {
		case 'N', 'I', '-':
			for _, float := range pythonFloats {
				if bytes.HasPrefix(b[i:], float) {
					s.floats = append(s.floats, pythonFloat{s.before + int64(i), float})
					b[i], b[i+len(float)-1] = '"', '"'
					break
				}
			}
		}
		if b[i] == '"' {
			s.text = true
			return i + 1
		}
	}
	return n
}

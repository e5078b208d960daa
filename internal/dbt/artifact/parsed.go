package artifact

import (
	"bytes"
	"encoding/binary"
)

// ParsedFile is the name of the file, in the target path, in which dbt 1 keeps what it has parsed.
const ParsedFile = "partial_parse.msgpack"

// placed are the keys in it whose values are absolute paths, as MessagePack writes them: those of
// files, and of seeds (dbt 1.9 to 1.12).
var placed = [][]byte{[]byte("\xa9root_path"), []byte("\xacproject_root")}

// MoveParsed returns what dbt has parsed in a directory as it would have parsed the same files in
// another one. ok is false if it can't be certain of that: then dbt has to parse them.
func MoveParsed(parsed []byte, from, to string) (moved []byte, ok bool) {
	known := 0
	for rest := parsed; ; {
		at, key := -1, []byte(nil)
		for _, one := range placed {
			if i := bytes.Index(rest, one); i >= 0 && (at < 0 || i < at) {
				at, key = i, one
			}
		}
		if at < 0 {
			moved = append(moved, rest...)
			break
		}
		moved, rest = append(moved, rest[:at+len(key)]...), rest[at+len(key):]
		text, header := packedText(rest)
		if below, found := bytes.CutPrefix(text, []byte(from)); found && (len(below) == 0 || below[0] == '/' || below[0] == '\\') {
			moved = appendPacked(moved, to+string(below))
			rest = rest[header+len(text):]
			known++
		}
	}
	return moved, bytes.Count(parsed, []byte(from)) == known
}

// packedText returns the text at the beginning of data, and the length of its header; nil if there is
// something else.
func packedText(data []byte) (text []byte, header int) {
	length := 0
	switch {
	case len(data) > 0 && data[0]&0xe0 == 0xa0:
		header, length = 1, int(data[0]&0x1f)
	case len(data) > 1 && data[0] == 0xd9:
		header, length = 2, int(data[1])
	case len(data) > 2 && data[0] == 0xda:
		header, length = 3, int(binary.BigEndian.Uint16(data[1:]))
	}
	if header+length > len(data) {
		return nil, 0
	}
	return data[header : header+length], header
}

// appendPacked appends a text, which is no longer than a path can be.
func appendPacked(data []byte, text string) []byte {
	switch n := len(text); {
	case n < 1<<5:
		data = append(data, 0xa0|byte(n))
	case n < 1<<8:
		data = append(data, 0xd9, byte(n))
	default:
		data = binary.BigEndian.AppendUint16(append(data, 0xda), uint16(n))
	}
	return append(data, text...)
}

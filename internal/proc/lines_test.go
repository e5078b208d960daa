package proc

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestLines(t *testing.T) {
	tests := map[string]struct{ written, want []string }{
		"nothing":            {nil, nil},
		"lines":              {[]string{"one\ntwo\n"}, []string{"one", "two"}},
		"line ends":          {[]string{"one\r\n\r\ntwo\rthree"}, []string{"one", "", "two\rthree"}},
		"in pieces":          {[]string{"o", "ne\ntw", "o", "\n", "\n", "three"}, []string{"one", "two", "", "three"}},
		"line end in pieces": {[]string{"one\r", "\ntwo"}, []string{"one", "two"}},
		"as long as it gets": {[]string{strings.Repeat("x", longestLine), "\nnext"}, []string{strings.Repeat("x", longestLine), "next"}},
		"too long": {
			[]string{strings.Repeat("x", longestLine), "123\nnext\n"},
			[]string{strings.Repeat("x", cutLine) + fmt.Sprintf("… (%d bytes more)", longestLine+3-cutLine), "next"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var got []string
			l := NewLines(func(line []byte) { got = append(got, string(line)) })
			for _, text := range tt.written {
				if n, err := l.Write([]byte(text)); n != len(text) || err != nil {
					t.Fatalf("Write: %d, %v", n, err)
				}
			}
			l.End()
			l.End()
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %.100q, want %.100q", got, tt.want)
			}
		})
	}
}

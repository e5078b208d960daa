package ui

import (
	"strings"
)

// Columns aligns rows of cells, two spaces apart, without padding the last cell of a row. paint, if
// not nil, colours a cell after padding.
func Columns(rows [][]string, paint func(row, column int, text string) string) []string {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			if i < len(row)-1 {
				widths[i] = max(widths[i], Width(cell))
			}
		}
	}
	lines := make([]string, len(rows))
	for r, row := range rows {
		var b strings.Builder
		for i, cell := range row {
			text := cell
			if i < len(row)-1 {
				text = Pad(cell, widths[i]+2)
			}
			if paint != nil {
				text = paint(r, i, text)
			}
			b.WriteString(text)
		}
		lines[r] = strings.TrimRight(b.String(), " ")
	}
	return lines
}

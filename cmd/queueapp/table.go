package main

import (
	"io"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"
)

// colour is how a row is drawn: an SGR parameter of ECMA-48.
type colour string

const (
	plain  colour = ""
	dim    colour = "2"
	red    colour = "31"
	green  colour = "32"
	yellow colour = "33"
	cyan   colour = "36"
)

func (c colour) paint(s string, colours bool) string {
	if c == plain || !colours {
		return s
	}
	return "\x1b[" + string(c) + "m" + s + "\x1b[0m"
}

// table is rows under a head, each column as wide as its widest cell.
type table struct {
	head  []string
	rows  []row
	empty string // what is said where there are no rows
}

type row struct {
	colour colour
	cells  []string
}

// add cleans the cells: much of what is listed was written by a caller.
func (t *table) add(c colour, cells ...string) {
	for i, cell := range cells {
		cells[i] = clean(cell, 60)
	}
	t.rows = append(t.rows, row{c, cells})
}

// String lays the table out.
func (t table) String(colours bool) string {
	if len(t.rows) == 0 {
		return t.empty + "\n"
	}
	width := make([]int, len(t.head))
	for _, r := range append([]row{{cells: t.head}}, t.rows...) {
		for i, cell := range r.cells {
			width[i] = max(width[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	for _, r := range append([]row{{dim, t.head}}, t.rows...) {
		var line strings.Builder
		for i, cell := range r.cells {
			line.WriteString(cell)
			line.WriteString(strings.Repeat(" ", width[i]-utf8.RuneCountInString(cell)+2))
		}
		b.WriteString(r.colour.paint(strings.TrimRight(line.String(), " "), colours))
		b.WriteByte('\n')
	}
	return b.String()
}

// clean makes hostile text fit for one cell of a terminal: nothing that moves the cursor, changes the reading direction
// or has no width, nothing longer than most characters.
func clean(s string, most int) string {
	if s == "" {
		return s
	}
	var b strings.Builder
	n := 0
	for _, r := range strings.ToValidUTF8(s, "\ufffd") {
		if n == most {
			return strings.TrimRight(b.String(), " ") + "…"
		}
		if unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp) {
			r = '·'
		}
		b.WriteRune(r)
		n++
	}
	return b.String()
}

// colours reports whether standard output is a terminal whose user wants colours (no-color.org).
func (a *app) colours() bool {
	if v, _ := a.env.Lookup("NO_COLOR"); v != "" { //nolint:misspell // no-color.org spells it so
		return false
	}
	if v, _ := a.env.Lookup("TERM"); v == "dumb" {
		return false
	}
	return isTerminal(a.stdout)
}

// isTerminal reports whether w is a character device other than /dev/null.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(info, null)
}

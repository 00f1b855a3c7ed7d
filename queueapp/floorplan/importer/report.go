package importer

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"ringside/queueapp/floorplan"
)

// Fate is what became of a line.
type Fate string

// The fates of a line.
const (
	Carried   Fate = "carried"   // is in the floor plan, and means the same there
	Near      Fate = "near"      // is in the floor plan, and means something a little different there
	Needless  Fate = "needless"  // what it asks for is so without an option, or it asks for nothing
	Elsewhere Fate = "elsewhere" // belongs into queueapp.toml, the dialplan or the hands of an operator
	NotYet    Fate = "not-yet"   // the floor plan has no word for it yet
	None      Fate = "none"      // there is nothing like it
	Unused    Fate = "unused"    // had no effect where it came from
	Unknown   Fate = "unknown"   // no option that is known, or no value that can be read
)

// Phrase is the fate for people.
func (f Fate) Phrase() string {
	switch f {
	case Near:
		return "nearly the same"
	case Needless:
		return "needs no option"
	case Elsewhere:
		return "said elsewhere"
	case NotYet:
		return "not yet"
	case None:
		return "no equal"
	case Unused:
		return "was not in force"
	case Unknown:
		return "not understood"
	case Carried:
	}
	return string(f)
}

// Fates lists all fates, in the order in which a summary tells them.
func Fates() []Fate {
	return []Fate{Carried, Near, Needless, Elsewhere, NotYet, None, Unused, Unknown}
}

// Note says what became of a line.
type Note struct {
	File    string `json:"file"`
	Line    int    `json:"line,omitempty"`   // 0: the whole file
	Place   string `json:"place,omitempty"`  // the queue, agent or section
	Option  string `json:"option,omitempty"` // as it was written
	Value   string `json:"value,omitempty"`  // left out where it is a secret
	Fate    Fate   `json:"fate"`
	Became  string `json:"became,omitempty"` // the key of the floor plan that says it now
	Why     string `json:"why,omitempty"`
	Instead string `json:"instead,omitempty"` // what to do about it
}

// String writes a note on one line: "queues.conf:12: support: ringinuse = yes: no equal: …; …".
func (n Note) String() string {
	var b strings.Builder
	b.WriteString(n.File)
	if n.Line > 0 {
		fmt.Fprintf(&b, ":%d", n.Line)
	}
	if n.Place != "" {
		b.WriteString(": " + n.Place)
	}
	if n.Option != "" {
		b.WriteString(": " + n.Option)
		if n.Value != "" {
			b.WriteString(" = " + n.Value)
		}
	}
	b.WriteString(": " + n.Fate.Phrase())
	if n.Became != "" {
		b.WriteString(": " + n.Became)
	}
	if n.Why != "" {
		b.WriteString(": " + n.Why)
	}
	if n.Instead != "" {
		b.WriteString("; " + n.Instead)
	}
	return b.String()
}

// Report is what became of every line, in the order of the files.
type Report []Note

// Count counts the notes of one fate.
func (r Report) Count(f Fate) int {
	n := 0
	for _, note := range r {
		if note.Fate == f {
			n++
		}
	}
	return n
}

// said is what a handler says of its line.
type said struct {
	fate                 Fate
	became, why, instead string
}

func carried(became string) said         { return said{fate: Carried, became: became} }
func needless(why string) said           { return said{fate: Needless, why: why} }
func none(why, instead string) said      { return said{fate: None, why: why, instead: instead} }
func elsewhere(why, instead string) said { return said{fate: Elsewhere, why: why, instead: instead} }
func unused(why string) said             { return said{fate: Unused, why: why} }
func near(became, why, instead string) said {
	return said{fate: Near, became: became, why: why, instead: instead}
}

func notUnderstood(instead, why string, args ...any) said {
	return said{fate: Unknown, why: fmt.Sprintf(why, args...), instead: instead}
}

// notes gathers what is said of the lines of all files.
type notes struct {
	order []string // the files, as they were given
	list  Report
	seen  map[Note]int // where a note stands, told apart without its place
	told  map[spot]bool
}

// A spot is a line of a file.
type spot struct {
	file string
	n    int
}

func newNotes() notes { return notes{seen: map[Note]int{}, told: map[spot]bool{}} }

// rest says something of a line of which nothing was said.
func (ns *notes) rest(l line, place string, s said) {
	if !ns.told[spot{l.file, l.n}] {
		ns.add(l, place, s)
	}
}

// add says something of a line. What is said of the same line for several queues is said once.
func (ns *notes) add(l line, place string, s said) {
	place = tidy(place)
	n := Note{
		File: l.file, Line: l.n, Option: tidy(l.key), Value: tidy(l.value), Fate: s.fate, Became: s.became, Why: s.why,
		Instead: s.instead,
	}
	if l.secret {
		n.Value = ""
	}
	ns.told[spot{l.file, l.n}] = true
	if at, ok := ns.seen[n]; ok {
		if known := &ns.list[at].Place; len(*known) < 200 && !slices.Contains(strings.Split(*known, ", "), place) {
			*known += ", " + place
		}
		return
	}
	ns.seen[n] = len(ns.list)
	n.Place = place
	ns.list = append(ns.list, n)
}

// sorted gives the notes in the order of the files and lines.
func (ns *notes) sorted() Report {
	slices.SortStableFunc(ns.list, func(a, b Note) int {
		return cmp.Or(
			cmp.Compare(slices.Index(ns.order, a.File), slices.Index(ns.order, b.File)),
			cmp.Compare(a.Line, b.Line),
		)
	})
	return ns.list
}

// longestShown is how much of a value is shown, in characters.
const longestShown = 80

// tidy makes one short line of any text. Of a long one no more is looked at than may be shown.
func tidy(s string) string {
	return floorplan.OneLine(s[:min(len(s), 8*longestShown)], longestShown)
}

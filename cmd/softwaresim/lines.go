package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// lines prints what happens, a line each: with the time of day to a tenth of a
// millisecond for people, or as JSON for programs. It is safe for concurrent use.
type lines struct {
	out    io.Writer
	json   bool
	colour bool

	mu sync.Mutex
}

// Colours of lines on a terminal.
const (
	plain = ""
	good  = "\x1b[32m"
	bad   = "\x1b[31m"
	warm  = "\x1b[33m"
	faint = "\x1b[2m"
)

// newLines prints to out, with colours only if that is a terminal and NO_COLOR is
// not set.
func newLines(out io.Writer, json bool) *lines {
	l := &lines{out: out, json: json}
	if f, ok := out.(*os.File); ok && !json && os.Getenv("NO_COLOR") == "" {
		if info, err := f.Stat(); err == nil {
			l.colour = info.Mode()&os.ModeCharDevice != 0
		}
	}
	return l
}

// say prints one thing that happened: who and what for people, event for programs.
func (l *lines) say(at time.Time, colour, who, what string, event any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.json {
		b, err := json.Marshal(event)
		if err != nil {
			b, _ = json.Marshal(map[string]string{"error": err.Error()})
		}
		fmt.Fprintf(l.out, "%s\n", b)
		return
	}
	text := fmt.Sprintf("%-11s %s", who, what)
	if l.colour && colour != plain {
		text = colour + text + "\x1b[0m"
	}
	fmt.Fprintf(l.out, "%s  %s\n", at.Format("15:04:05.0000"), text)
}

// strong is text that stands out where colours are shown.
func (l *lines) strong(text string) string {
	if !l.colour {
		return text
	}
	return "\x1b[1m" + text + "\x1b[0m"
}

// note prints a remark for people; programs are spared it.
func (l *lines) note(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.json {
		fmt.Fprintf(l.out, format+"\n", args...)
	}
}

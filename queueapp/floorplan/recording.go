package floorplan

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"text/template"
	"time"
	"unicode"
	"unicode/utf8"

	"ringside/queueapp"
)

// Recording says how a queue's conversations are recorded. A queue that records none has none.
type Recording struct {
	Queue  queueapp.QueueName
	Format string // one of Asterisk's file formats, which is the file's ending too: "wav"
	Name   string // template of the file's name below Asterisk's directory of recordings, without the ending
}

// The defaults of recordings, and what stands for none.
const (
	defaultFormat = "wav"
	defaultName   = "{{.Date}}/{{.Queue}}-{{.Call}}-{{.Attempt}}"
	noRecording   = "none"
)

// Recording finds how a queue's conversations are recorded; ok is false where they are not.
func (p Plan) Recording(queue queueapp.QueueName) (r Recording, ok bool) {
	for _, r := range p.Recordings {
		if r.Queue == queue {
			return r, true
		}
	}
	return Recording{}, false
}

// DefaultRecording is how a conversation of a queue is recorded of which the floor plan says nothing.
func DefaultRecording(queue queueapp.QueueName) Recording {
	return Recording{Queue: queue, Format: defaultFormat, Name: defaultName}
}

// RecordingWords is what the name of a recording may be made of.
type RecordingWords struct {
	Words
	Date, Time string // when the conversation began, on the clocks of queueapp's machine: 2006-01-02 and 150405
	Attempt    string // the number of the offer; call and attempt together are there once
}

// NewRecordingWords adds to what is known of a caller and an agent what a recording's name needs.
func NewRecordingWords(w Words, attempt queueapp.AttemptID, began time.Time) RecordingWords {
	w.Call = string(attempt.Call)
	return RecordingWords{
		Words: w, Date: began.Format(time.DateOnly), Time: began.Format("150405"), Attempt: fmt.Sprint(attempt.N),
	}
}

// File is the file's name, without its ending. Whatever the words hold, it stays below the directory of recordings; a slash
// makes a directory only where the template has it.
func (r Recording) File(w RecordingWords) string {
	plain := component(w.Call+"-"+w.Attempt, longestComponent)
	t, err := r.template()
	if err != nil {
		return plain
	}
	name, err := fileName(t, w)
	if err != nil {
		return plain
	}
	return name
}

func (r Recording) template() (*template.Template, error) {
	return template.New("record_name").Funcs(template.FuncMap{"title": title}).Option("missingkey=error").Parse(r.Name)
}

// How long a word, a file's name and all of a path may be, in bytes: file systems take 255 of a name.
const (
	longestWord      = 64
	longestComponent = 200
	longestPath      = 1000
)

var errNoName = errors.New("makes no file's name, or one that is too long")

func fileName(t *template.Template, w RecordingWords) (string, error) {
	words := reflect.ValueOf(&w.Words).Elem()
	for i := range words.NumField() {
		words.Field(i).SetString(component(words.Field(i).String(), longestWord))
	}
	var b strings.Builder
	if err := t.Execute(&limited{b: &b, left: mostBytes}, w); err != nil {
		return "", err
	}
	var parts []string
	length := 0
	for part := range strings.SplitSeq(b.String(), "/") {
		if part = component(part, len(part)); part == "" {
			continue
		}
		if length += len(part); len(part) > longestComponent || length > longestPath {
			return "", errNoName
		}
		parts = append(parts, part)
	}
	if len(parts) == 0 {
		return "", errNoName
	}
	return strings.Join(parts, "/"), nil
}

// component makes any text fit to stand between two slashes: letters, digits and a few signs, no dot in front, at most most
// bytes.
func component(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-_.+@=", r) {
			return r
		}
		return '_'
	}, strings.ToValidUTF8(strings.TrimSpace(s), "_"))
	if strings.HasPrefix(s, ".") {
		s = "_" + s[1:]
	}
	for n := min(most, len(s)); ; n-- {
		if n == len(s) || utf8.RuneStart(s[n]) {
			return s[:n]
		}
	}
}

// recording reads whether and how a queue's conversations are recorded.
func recording(t *table) (Recording, bool) {
	r := DefaultRecording(queueapp.QueueName(t.name()))
	r.Format = t.text("record", "")
	r.Name = t.text("record_name", defaultName)
	switch {
	case r.Format == "" || r.Format == noRecording:
		if t.has("record_name") {
			t.problem("record_name", `write record = "wav" too, or remove it`, "means nothing where nothing is recorded")
		}
		return Recording{}, false
	case len(r.Format) > 16 || strings.ContainsFunc(r.Format, func(c rune) bool { return !named(string(c)) || c == '.' }):
		t.problem("record", `write one of Asterisk's file formats, as "wav"`, "%q is no file format", r.Format)
	}
	return r, true
}

// recordings finds templates of names that do not work, or by which one recording would go into another's file.
func (c checker) recordings() {
	for _, r := range c.plan.Recordings {
		if why := r.fault(); why != nil {
			c.under("queue", string(r.Queue)).problem("record_name",
				"use {{.Call}} and {{.Attempt}}, which are there once together; besides {{"+strings.Join(recordingWords(), "}} {{")+"}}", "%v", why)
		}
	}
}

var errOneFile = errors.New("several conversations would be one file")

func (r Recording) fault() error {
	t, err := r.template()
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, of := range [][2]string{{"01900000-0000-7000-8000-000000000001", "1"}, {"01900000-0000-7000-8000-000000000001", "2"}, {"01900000-0000-7000-8000-000000000002", "1"}} {
		w := RecordingWords{Words: sampleWords(), Date: "2006-01-02", Time: "150405", Attempt: of[1]}
		w.Call = of[0]
		name, err := fileName(t, w)
		if err != nil {
			return err
		}
		if seen[name] {
			return errOneFile
		}
		seen[name] = true
	}
	return nil
}

func recordingWords() []string { return append(words(), ".Date", ".Time", ".Attempt") }

// recordingFields writes how a queue's conversations are recorded.
func recordingFields(r Recording) []field {
	var f fields
	f.text("record", r.Format)
	if r.Name != defaultName {
		f.text("record_name", r.Name)
	}
	return f
}

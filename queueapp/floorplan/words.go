package floorplan

import (
	"fmt"
	"io"
	"reflect"
	"strings"
	"text/template"
	"unicode"
	"unicode/utf8"

	"ringside/queueapp"
)

// Words is what the templates of a floor plan may use. All of it may be hostile text; what comes out is cleaned.
type Words struct {
	Queue, Extension, Agent, AgentName string
	Call, Switch                       string
	Number, Name, Dialled              string // the caller's
	Customer, CustomerID, Code         string // several customers: their names with commas between, the first one's id and code
}

// words lists what a template may use, as it is written there.
func words() []string {
	var out []string
	for i := range reflect.TypeFor[Words]().NumField() {
		out = append(out, "."+reflect.TypeFor[Words]().Field(i).Name)
	}
	return out
}

// NewWords fills in what is known of a caller.
func NewWords(e queueapp.Enter) Words {
	w := Words{
		Queue: string(e.Queue), Call: string(e.Call), Switch: string(e.Switch),
		Number: e.Caller.Number, Name: e.Caller.Name, Dialled: e.Caller.Dialled,
	}
	var names []string
	for _, c := range e.Customers {
		if c.Name != "" {
			names = append(names, c.Name)
		}
	}
	w.Customer = strings.Join(names, ", ")
	if len(e.Customers) > 0 {
		w.CustomerID, w.Code = e.Customers[0].ID, e.Customers[0].Code
	}
	return w
}

// Texts is the templates of a floor plan, ready for use. It is safe for concurrent use.
type Texts struct{ node, chat, display *template.Template }

// How long a text may be, in characters, and how much a template may write at most to come to it, in bytes.
const (
	mostBytes      = 64 << 10
	longestNode    = 200
	longestChat    = 1000
	longestDisplay = 80
)

// Texts makes the templates ready. It fails only where the settings did not come from [Parse].
func (s Settings) Texts() (Texts, error) {
	t, errs := s.compile()
	for key, err := range errs {
		return Texts{}, fmt.Errorf("template %s: %w", key, err)
	}
	return t, nil
}

// Node names the pubsub node of an extension.
func (t Texts) Node(x queueapp.ExtensionID) string {
	return execute(t.node, Words{Extension: string(x)}, longestNode)
}

// Chat is the message that announces a caller.
func (t Texts) Chat(w Words) string { return execute(t.chat, w, longestChat) }

// Display is the name that the agent's phone shows.
func (t Texts) Display(w Words) string { return execute(t.display, w, longestDisplay) }

func (s Settings) compile() (Texts, map[string]error) {
	errs := map[string]error{}
	one := func(key, text string, sample Words) *template.Template {
		t, err := template.New(key).Funcs(template.FuncMap{"title": title}).Parse(text)
		if err == nil {
			err = t.Execute(&limited{b: &strings.Builder{}, left: mostBytes}, sample)
		}
		if err != nil {
			errs[key] = err
		}
		return t
	}
	full := sampleWords()
	return Texts{
		node: one("node", s.Node, Words{Extension: "1000"}), chat: one("chat", s.Chat, full), display: one("display", s.Display, full),
	}, errs
}

// sampleWords is all words, for trying a template.
func sampleWords() Words {
	return Words{
		Queue: "support", Extension: "1000", Agent: "1000", AgentName: "Ana", Call: "1", Switch: "pbx", Number: "5551234",
		Name: "Bob", Dialled: "0000", Customer: "Company 1", CustomerID: "1", Code: "1111",
	}
}

// execute writes a template; where it fails on the values at hand, nothing is better than half a text.
func execute(t *template.Template, w Words, most int) string {
	var b strings.Builder
	if err := t.Execute(&limited{b: &b, left: mostBytes}, w); err != nil {
		return ""
	}
	return OneLine(b.String(), most)
}

// limited ends a template that writes without end.
type limited struct {
	b    *strings.Builder
	left int
}

func (l *limited) Write(p []byte) (int, error) {
	if l.left -= len(p); l.left < 0 {
		return 0, io.ErrShortWrite
	}
	return l.b.Write(p)
}

// OneLine makes one line of any text: no control or direction-changing characters, valid UTF-8, at most most characters.
func OneLine(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r), unicode.Is(unicode.Noncharacter_Code_Point, r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
	if utf8.RuneCountInString(s) > most {
		s = string([]rune(s)[:most-1]) + "…"
	}
	return strings.TrimSpace(s)
}

// title writes the first letter large: "support" becomes "Support".
func title(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 {
		return s
	}
	return string(unicode.ToUpper(r)) + s[n:]
}

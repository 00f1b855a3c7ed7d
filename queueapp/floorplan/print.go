package floorplan

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"ringside/ivr"
)

// Print writes a plan as TOML that [Parse] reads as the same plan.
func Print(p Plan) []byte {
	var b bytes.Buffer
	for _, s := range sections(p) {
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "[%s]\n", s.header())
		for _, f := range s.fields {
			fmt.Fprintf(&b, "%s = %s\n", f.key, f.value.toml())
		}
	}
	return b.Bytes()
}

// A section is one table of a printed plan, as both Print and Diff see it.
type section struct {
	kind, name string
	fields     []field
}

func (s section) header() string {
	if s.name == "" {
		return s.kind
	}
	return toml.Key{s.kind, s.name}.String()
}

// A field is a key and what is written for it.
type field struct {
	key   string // as TOML writes it
	value value
}

// A value is a word, a list or a table.
type value struct {
	word  string // for people
	bare  bool   // TOML writes it without quotes
	list  []string
	many  bool // it is a list
	table []field
	items []value // a list of texts and tables
	// not for people: TOML has it, and what is said to somebody has not
	secret bool
}

func (v value) toml() string {
	switch {
	case v.table != nil:
		parts := make([]string, len(v.table))
		for i, f := range v.table {
			parts[i] = f.key + " = " + f.value.toml()
		}
		return "{ " + strings.Join(parts, ", ") + " }"
	case v.items != nil:
		parts := make([]string, len(v.items))
		for i, e := range v.items {
			parts[i] = e.toml()
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case v.many:
		parts := make([]string, len(v.list))
		for i, s := range v.list {
			parts[i] = quote(s)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case v.bare:
		return v.word
	}
	return quote(v.word)
}

// quote writes a TOML basic string.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// fields gathers what a table holds.
type fields []field

func (f *fields) add(key string, v value)              { *f = append(*f, field{key, v}) }
func (f *fields) text(key, s string)                   { f.add(key, value{word: s}) }
func (f *fields) duration(key string, d time.Duration) { f.text(key, Brief(d)) }
func (f *fields) int(key string, n int)                { f.add(key, value{word: strconv.Itoa(n), bare: true}) }
func (f *fields) bool(key string, v bool)              { f.add(key, value{word: strconv.FormatBool(v), bare: true}) }
func (f *fields) list(key string, list []string)       { f.add(key, value{list: list, many: true}) }
func (f *fields) step(key string, s, hang ivr.Step)    { f.add(key, stepValue(s, hang)) }

func (f *fields) optText(key, s string) {
	if s != "" {
		f.text(key, s)
	}
}

func (f *fields) optList(key string, list []string) {
	if len(list) > 0 {
		f.list(key, list)
	}
}

// prompts writes one sound as a text and several as a list.
func (f *fields) prompts(key string, list, def []string) {
	switch {
	case slices.Equal(list, def):
	case len(list) == 1:
		f.text(key, list[0])
	default:
		f.list(key, list)
	}
}

func sections(p Plan) []section {
	out := []section{{kind: "floor", fields: settingsFields(p.Settings)}}
	for _, m := range p.Menus {
		out = append(out, section{"menu", m.Name, menuFields(m)})
	}
	for _, q := range p.Floor.Queues {
		fields := queueFields(q)
		if l, ok := p.Line(q.Name); ok {
			fields = append(fields, lineFields(l)...)
		}
		if r, ok := p.Recording(q.Name); ok {
			fields = append(fields, recordingFields(r)...)
		}
		out = append(out, section{"queue", string(q.Name), fields})
	}
	for _, h := range p.Hours {
		out = append(out, section{"hours", h.Name, hoursFields(h)})
	}
	for _, a := range p.Floor.Agents {
		var f fields
		f.optText("name", a.Name)
		f.optText("extension", string(a.Extension))
		f.optList("jids", a.JIDs)
		if pin, ok := p.PIN(a.ID); ok {
			f.add("pin", value{word: pin, secret: true})
		}
		f.skills("skills", a.Skills)
		if a.OwnWrapup {
			f.duration("wrapup", a.Wrapup)
		}
		f.optDuration("logoff_unreachable", a.Away)
		if a.OnDemand {
			f.bool("on_demand", true)
		}
		out = append(out, section{"agent", string(a.ID), f})
	}
	for _, x := range p.Floor.Extensions {
		var f fields
		f.optText("switch", string(x.Switch))
		f.text("dial", x.Dial)
		f.text("device", x.Device)
		f.optList("jids", x.JIDs)
		out = append(out, section{"extension", string(x.ID), f})
	}
	return append(out, section{kind: "codes", fields: codesFields(p.Codes)}, section{kind: "customers", fields: customersFields(p.Customers)})
}

func settingsFields(s Settings) []field {
	var f fields
	f.text("node", s.Node)
	f.text("chat", s.Chat)
	f.text("display", s.Display)
	f.duration("max_call", s.MaxCall)
	f.duration("outage", s.Outage)
	f.duration("budget", s.Budget)
	f.duration("lead", s.Lead)
	f.optText("transfer_context", s.Transfers)
	f.bool("lamps", s.Lamps)
	return f
}

func codesFields(l ivr.Limits) []field {
	var f fields
	f.int("call", l.Call)
	f.duration("slow", l.Slow)
	f.int("number", l.Number)
	f.int("withheld", l.Withheld)
	f.duration("window", l.Window)
	f.duration("bar", l.Bar)
	return f
}

func customersFields(c Customers) []field {
	var f fields
	f.optText("dsn", c.DSN)
	f.optText("dsn_file", c.DSNFile)
	f.optText("by_code", c.ByCode)
	f.optText("by_number", c.ByNumber)
	f.duration("timeout", c.Timeout)
	return f
}

func menuFields(m ivr.Menu) []field {
	var f fields
	f.prompts("prompt", m.Prompts, nil)
	for _, k := range m.Keys {
		f.step("keys."+toml.Key{string(k.Key)}.String(), k.Step, hangUp(ivr.PromptGoodbye))
	}
	silence := fields{}
	silence.duration("after", m.Silence.After)
	silence.int("tries", m.Silence.Tries)
	silence = append(silence, stepFields(m.Silence.Step, hangUp(ivr.PromptGoodbye))...)
	f.add("silence", value{table: silence})
	invalid := fields{}
	invalid.int("tries", m.Invalid.Tries)
	invalid.prompts("prompt", m.Invalid.Prompts, nil)
	invalid = append(invalid, stepFields(m.Invalid.Step, hangUp(ivr.PromptGoodbye))...)
	f.add("invalid", value{table: invalid})
	return f
}

// stepValue writes a step, and just "hangup" where that is all; hang is what hanging up means here.
func stepValue(s, hang ivr.Step) value {
	if reflect.DeepEqual(s, hang) {
		return value{word: string(ivr.VerbHangUp)}
	}
	return value{table: stepFields(s, hang)}
}

func stepFields(s, hang ivr.Step) []field {
	var f fields
	var play []string
	switch s.Verb {
	case ivr.VerbQueue:
		f.text("queue", string(s.Queue))
		f.optInt("priority", s.Priority)
		f.needs("skills", s.Needs)
	case ivr.VerbGoto:
		f.text("goto", fmt.Sprintf("%s,%s,%d", s.Goto.Context, s.Goto.Extension, s.Goto.Priority))
	case ivr.VerbMenu:
		f.text("menu", s.Menu)
	case ivr.VerbHangUp:
		f.bool("hangup", true)
		play = hang.Play
	case ivr.VerbAsk:
		f = append(f, askFields(s.Ask)...)
	}
	f.prompts("play", s.Play, play)
	if len(s.Data) > 0 {
		var data fields
		for _, d := range s.Data {
			data.text(toml.Key{d.Key}.String(), d.Value)
		}
		f.add("data", value{table: data})
	}
	return f
}

func askFields(a *ivr.Ask) []field {
	var f fields
	f.text("ask", "code")
	f.int("tries", a.Tries)
	f.optInt("digits", a.Digits)
	if a.Response != ivr.DefaultResponse {
		f.duration("response", a.Response)
	}
	if a.Digit != ivr.DefaultDigit {
		f.duration("digit", a.Digit)
	}
	f.prompts("prompt", a.Prompts, []string{ivr.PromptEnterCode})
	f.prompts("wrong", a.Wrong, []string{ivr.PromptWrongCode})
	f.step("then", a.Then, hangUp(ivr.PromptGoodbye))
	f.step("fail", a.Fail, hangUp(ivr.PromptGoodbye))
	if !reflect.DeepEqual(a.Barred, a.Fail) {
		f.step("barred", a.Barred, hangUp(ivr.PromptPleaseTryLater))
	}
	if !reflect.DeepEqual(a.Unavailable, a.Then) {
		f.step("unavailable", a.Unavailable, hangUp(ivr.PromptPleaseTryLater))
	}
	return f
}

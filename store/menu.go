package store

import (
	"encoding/json"
	"fmt"
	"time"

	"ringside/ivr"
	"ringside/queueapp"
)

// A menu as people who report read it: the column menus.definition.
type (
	menu struct {
		Prompts []string         `json:"prompts,omitempty"`
		Keys    map[string]*step `json:"keys,omitempty"`
		Silence *reaction        `json:"silence,omitempty"`
		Invalid *reaction        `json:"invalid,omitempty"`
	}
	reaction struct {
		After   string   `json:"after,omitempty"`
		Tries   int      `json:"tries,omitempty"`
		Prompts []string `json:"prompts,omitempty"`
		Then    *step    `json:"then,omitempty"`
	}
	step struct {
		Verb     ivr.Verb           `json:"verb"`
		Play     []string           `json:"play,omitempty"`
		Queue    queueapp.QueueName `json:"queue,omitempty"`
		Priority int                `json:"priority,omitempty"`
		Needs    map[string]int     `json:"skills,omitempty"`
		Goto     string             `json:"goto,omitempty"`
		Menu     string             `json:"menu,omitempty"`
		Ask      *ask               `json:"ask,omitempty"`
		Data     map[string]string  `json:"data,omitempty"`
	}
	ask struct {
		Tries       int      `json:"tries,omitempty"`
		Digits      int      `json:"digits,omitempty"`
		Response    string   `json:"response,omitempty"`
		Digit       string   `json:"digit,omitempty"`
		Prompts     []string `json:"prompts,omitempty"`
		Wrong       []string `json:"wrong,omitempty"`
		Then        *step    `json:"then,omitempty"`
		Fail        *step    `json:"fail,omitempty"`
		Unavailable *step    `json:"unavailable,omitempty"`
		Barred      *step    `json:"barred,omitempty"`
	}
)

func menuJSON(m ivr.Menu) string {
	out := menu{
		Prompts: m.Prompts, Keys: map[string]*step{},
		Silence: &reaction{After: spoken(m.Silence.After), Tries: m.Silence.Tries, Then: stepOf(m.Silence.Step)},
		Invalid: &reaction{Tries: m.Invalid.Tries, Prompts: m.Invalid.Prompts, Then: stepOf(m.Invalid.Step)},
	}
	for _, k := range m.Keys {
		out.Keys[string(rune(k.Key))] = stepOf(k.Step)
	}
	text, err := json.Marshal(out)
	if err != nil {
		panic(err) // texts and numbers: there is nothing that could fail
	}
	return string(text)
}

func stepOf(s ivr.Step) *step {
	if s.Verb == "" {
		return nil
	}
	out := &step{Verb: s.Verb, Play: s.Play, Queue: s.Queue, Priority: s.Priority, Menu: s.Menu}
	for _, n := range s.Needs {
		if out.Needs == nil {
			out.Needs = map[string]int{}
		}
		out.Needs[n.Skill] = n.Least
	}
	if s.Goto != (ivr.Place{}) {
		out.Goto = fmt.Sprintf("%s,%s,%d", s.Goto.Context, s.Goto.Extension, s.Goto.Priority)
	}
	if a := s.Ask; a != nil {
		out.Ask = &ask{
			Tries: a.Tries, Digits: a.Digits, Response: spoken(a.Response), Digit: spoken(a.Digit), Prompts: a.Prompts,
			Wrong: a.Wrong, Then: stepOf(a.Then), Fail: stepOf(a.Fail), Unavailable: stepOf(a.Unavailable),
			Barred: stepOf(a.Barred),
		}
	}
	for _, d := range s.Data {
		if out.Data == nil {
			out.Data = map[string]string{}
		}
		out.Data[d.Key] = d.Value
	}
	return out
}

func spoken(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return d.String()
}

package ivr_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"ringside/ivr"
	"ringside/queueapp"
)

// A script is a dialogue written down, one input a line with what follows from it:
//
//	2s    key 1      | stop; play ringside/enter-code
//
// "tick" stands where the dialogue must have asked for one at exactly that time. Answers are given to the number asked for
// last, or to the one that is written behind them.
type script struct {
	t        *testing.T
	dialogue ivr.Dialogue
	n        int
}

var midday = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func play(t *testing.T, d ivr.Dialogue, lines string) {
	t.Helper()
	s := &script{t: t, dialogue: d}
	for line := range strings.Lines(strings.TrimSpace(lines)) {
		if line = strings.TrimSpace(line); line != "" {
			s.line(line)
		}
	}
}

func (s *script) line(line string) {
	s.t.Helper()
	left, want, _ := strings.Cut(line, "|")
	words := strings.Fields(left)
	after, err := time.ParseDuration(words[0])
	if err != nil {
		s.t.Fatalf("%s: %v", line, err)
	}
	at := midday.Add(after)
	in := s.input(words[1], words[2:])
	if _, tick := in.(ivr.Tick); tick && !s.dialogue.Next().Equal(at) {
		s.t.Errorf("%s\nthe dialogue wants its tick at %s", line, s.dialogue.Next().Sub(midday))
	}
	var got []string
	for _, a := range s.dialogue.Handle(at, in) {
		got = append(got, s.say(a))
	}
	if have, want := strings.Join(got, "; "), strings.TrimSpace(want); have != want {
		s.t.Errorf("%s\n got: %s\nwant: %s", line, have, want)
	}
}

func (s *script) input(verb string, rest []string) ivr.Input {
	n := s.n
	if len(rest) > 0 && verb != "at" && verb != "key" && verb != "refused" && verb != "found" {
		n, _ = strconv.Atoi(rest[0])
	}
	switch verb {
	case "start":
		return ivr.Start{}
	case "key":
		return ivr.Key{Key: rest[0][0]}
	case "played":
		return ivr.Played{N: n}
	case "unplayable":
		return ivr.Played{N: n, Failed: true}
	case "found":
		if stale, err := strconv.Atoi(rest[0]); err == nil {
			n = stale
		}
		return ivr.Found{N: n, Customers: []queueapp.Customer{{Name: strings.Join(rest, " "), Match: queueapp.MatchCode}}}
	case "not-found":
		return ivr.NotFound{N: n}
	case "barred":
		return ivr.Barred{N: n}
	case "failed":
		return ivr.LookupFailed{N: n}
	case "granted":
		return ivr.Granted{N: n}
	case "refused":
		return ivr.Refused{N: n, Reason: queueapp.RefusalReason(rest[0])}
	case "wrong-pin":
		return ivr.WrongPIN{N: n}
	case "undecided":
		return ivr.DoFailed{N: n}
	case "tick":
		return ivr.Tick{}
	case "at":
		return located(rest)
	case "answered":
		return ivr.Answered{}
	case "unanswered":
		return ivr.Unanswered{}
	}
	s.t.Fatalf("%q is no input", verb)
	return nil
}

func (s *script) say(a ivr.Action) string {
	switch a := a.(type) {
	case ivr.Play:
		s.n = a.N
		return "play " + strings.ReplaceAll(strings.Join(a.Prompts, " "), "ringside/", "")
	case ivr.StopPlay:
		return "stop"
	case ivr.LookUp:
		s.n = a.N
		return "look-up " + a.Code
	case ivr.Bar:
		return fmt.Sprintf("bar after %d", a.Wrong)
	case ivr.Do:
		s.n = a.N
		who := ""
		if a.Command.Agent != "" || a.Command.PIN != "" {
			who = fmt.Sprintf("%q %q", a.Command.Agent, a.Command.PIN)
		}
		return strings.TrimSpace(fmt.Sprintf("do %s %s%s", a.Command.Verb, a.Command.Reason, who))
	case ivr.Queue:
		return "queue " + string(a.Queue) + about(a.Code, a.Customers) + facts(a.Priority, a.Data)
	case ivr.Goto:
		return fmt.Sprintf("goto %s,%s,%d", a.Context, a.Extension, a.Priority) + about(a.Code, a.Customers)
	case ivr.HangUp:
		return "hang-up"
	case ivr.Locate:
		return "where"
	case ivr.Music:
		return "music"
	case ivr.Meet:
		return "meet"
	case ivr.Leave:
		return strings.TrimSpace(fmt.Sprintf("leave by %c %s %s", a.Key, a.Step.Verb, a.Step.Queue))
	}
	return fmt.Sprintf("%#v", a)
}

// located reads a place in line, the expected wait where that is known, and a random number.
func located(words []string) ivr.Located {
	var in ivr.Located
	in.Position, _ = strconv.Atoi(words[0])
	for _, w := range words[1:] {
		if d, err := time.ParseDuration(w); err == nil && w != "0" {
			in.Wait, in.Known = d, true
		} else {
			in.Draw, _ = strconv.ParseUint(w, 10, 64)
		}
	}
	return in
}

func about(code string, customers []queueapp.Customer) string {
	out := ""
	if code != "" {
		out = " code " + code
	}
	for _, c := range customers {
		out += " for " + c.Name
	}
	return out
}

func facts(priority int, data []queueapp.Datum) string {
	out := ""
	if priority != 0 {
		out = fmt.Sprintf(" priority %d", priority)
	}
	for _, d := range data {
		out += " " + d.Key + "=" + d.Value
	}
	return out
}

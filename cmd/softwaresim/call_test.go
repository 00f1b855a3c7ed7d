package main

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"ringside/softwaresim/phone"
)

// switchboard is a phone that a caller dials directly, in place of a switch.
func switchboard(t *testing.T, b phone.Behaviour) string {
	t.Helper()
	ua, err := phone.Listen(phone.Config{Server: "127.0.0.1:9"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ua.Close() })
	ua.NewPhone(phone.Account{Number: "0000"}, b).SetLines(2)
	return ua.Addr()
}

func TestCallReportsEachStep(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	out := interruptAfter{marker: "key 1 sent", interrupt: interrupt}
	cmd := CallCmd{Number: "0000", Keys: "1", From: `Ana <5550100>`, Server: switchboard(t, phone.AnswerAfter(0))}
	if err := cmd.Run(ctx, &out); err != nil {
		t.Fatal(err)
	}
	rest := out.String()
	for _, step := range []string{`INVITE sent to 0000 as "Ana" <5550100>`, "180 ringing", "200 answered", "ACK sent",
		"key 1 sent", "BYE sent", "over after"} {
		_, after, found := strings.Cut(rest, step)
		if !found {
			t.Fatalf("no %q in its place in\n%s", step, out.String())
		}
		rest = after
	}
	if strings.Contains(out.String(), "\x1b") {
		t.Error("colours on what is no terminal")
	}
}

func TestCallForPrograms(t *testing.T) {
	var out bytes.Buffer
	cmd := CallCmd{Number: "0000", Server: switchboard(t, phone.RefuseWith(486)), JSON: true}
	err := cmd.Run(t.Context(), &out)
	if err == nil || !strings.Contains(err.Error(), "486") {
		t.Errorf("a refused call: %v", err)
	}
	var last phone.Event
	for line := range strings.Lines(out.String()) {
		if err := json.Unmarshal([]byte(line), &last); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
	}
	if last.Kind != phone.Ended || last.Outcome == nil || last.Outcome.Code != 486 {
		t.Errorf("the last line is %+v", last)
	}
}

func TestCallGivesUp(t *testing.T) {
	var out bytes.Buffer
	cmd := CallCmd{Number: "0000", Server: switchboard(t, phone.NeverAnswer()), GiveUp: 50 * time.Millisecond}
	if err := cmd.Run(t.Context(), &out); err != nil {
		t.Error(err)
	}
	if !strings.Contains(out.String(), "CANCEL sent") {
		t.Error(out.String())
	}
}

func TestCallHangsUpWhenItIsTime(t *testing.T) {
	var out bytes.Buffer
	cmd := CallCmd{Number: "0000", Server: switchboard(t, phone.AnswerAfter(0)), For: 20 * time.Millisecond}
	if err := cmd.Run(t.Context(), &out); err != nil {
		t.Error(err)
	}
	if !strings.Contains(out.String(), "BYE sent") {
		t.Error(out.String())
	}
}

func TestCallInterrupted(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	server := switchboard(t, phone.AnswerAfter(0))
	out := interruptAfter{marker: "200 answered", interrupt: interrupt}
	cmd := CallCmd{Number: "0000", Server: server}
	if err := cmd.Run(ctx, &out); err != nil {
		t.Error(err)
	}
	if !strings.Contains(out.String(), "BYE sent") {
		t.Errorf("not hung up:\n%s", out.String())
	}
}

// interruptAfter interrupts once the marker is written.
type interruptAfter struct {
	bytes.Buffer
	marker    string
	interrupt func()
}

func (w *interruptAfter) Write(p []byte) (int, error) {
	n, err := w.Buffer.Write(p)
	if strings.Contains(w.String(), w.marker) {
		w.interrupt()
	}
	return n, err
}

func TestParseParty(t *testing.T) {
	for text, want := range map[string]phone.Party{
		"Ana <5550100>":    {Name: "Ana", Number: "5550100"},
		`a "b" <c> <5550>`: {Name: `a "b" <c>`, Number: "5550"},
		"5550100":          {Number: "5550100"},
		"":                 {},
		"<x>":              {Number: "x"},
	} {
		if got := parseParty(text); got != want {
			t.Errorf("%q is %+q, want %+q", text, got, want)
		}
	}
}

// Package queuelogtest reads the queue_log as a tool that reports on queues would: by what Asterisk documents of it, and by
// nothing that package queuelog knows. It is for tests.
package queuelogtest

import (
	"fmt"
	"strconv"
	"strings"
)

// Line is a line of Asterisk's file, read.
type Line struct {
	Epoch int64
	Call  string
	Queue string
	Agent string
	Event string
	Data  []string
}

// shape is what an event's data fields are: n a number, anything else a text; those behind a question mark may be missing.
func shape(event string) (fields string, known bool) {
	fields, known = map[string]string{
		"QUEUESTART": "", "CONFIGRELOAD": "", "ADDMEMBER": "?t", "REMOVEMEMBER": "", "PENALTY": "n",
		"AGENTLOGIN": "t", "AGENTLOGOFF": "tn", "PAUSE": "?t", "UNPAUSE": "?t", "PAUSEALL": "", "UNPAUSEALL": "",
		"ENTERQUEUE": "ttn?t", "RINGNOANSWER": "n", "RINGCANCELED": "n", "AGENTDUMP": "", "CONNECT": "ntn", "HOLD": "", "UNHOLD": "n",
		"COMPLETEAGENT": "nnn", "COMPLETECALLER": "nnn", "ABANDON": "nnn", "EXITEMPTY": "nnn", "EXITWITHTIMEOUT": "nnn",
		"EXITWITHKEY": "tnnn", "WITHDRAW": "nnnt",
	}[event]
	return fields, known
}

// Parse reads a line without its end.
func Parse(text string) (Line, error) {
	parts := strings.Split(text, "|")
	if len(parts) < 6 || strings.ContainsAny(text, "\r\n") {
		return Line{}, fmt.Errorf("%q: want epoch|callid|queue|agent|EVENT|data", text)
	}
	epoch, err := strconv.ParseInt(parts[0], 10, 64)
	if err != nil {
		return Line{}, fmt.Errorf("%q: no time: %w", text, err)
	}
	l := Line{Epoch: epoch, Call: parts[1], Queue: parts[2], Agent: parts[3], Event: parts[4], Data: parts[5:]}
	if len(l.Data) == 1 && l.Data[0] == "" {
		l.Data = nil
	}
	for _, field := range parts[1:5] {
		if field == "" {
			return l, fmt.Errorf("%q: a field is empty that is never", text)
		}
	}
	return l, l.check()
}

func (l Line) check() error {
	fields, known := shape(l.Event)
	if !known {
		return fmt.Errorf("%+v: no such event", l)
	}
	must, may, _ := strings.Cut(fields, "?")
	if len(l.Data) < len(must) || len(l.Data) > len(must)+len(may) {
		return fmt.Errorf("%+v: %d data fields", l, len(l.Data))
	}
	for i, kind := range must {
		if kind == 'n' {
			if n, err := strconv.Atoi(l.Data[i]); err != nil || n < 0 {
				return fmt.Errorf("%+v: data%d is no number", l, i+1)
			}
		}
	}
	return nil
}

// number is a data field, counted from 1, that was checked to be one.
func (l Line) number(i int) int64 {
	n, _ := strconv.ParseInt(l.Data[i-1], 10, 64)
	return n
}

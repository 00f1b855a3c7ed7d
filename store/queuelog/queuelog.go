// Package queuelog tells what happens on a floor as Asterisk's app_queue would: in the events, fields and lines of its
// queue_log, which every tool that reports on queues can read. README.md of package store lists them.
//
// The package is pure: it folds the floor's steps into entries, and knows no database and no file.
package queuelog

import (
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Event is the kind of an entry, in app_queue's words.
type Event string

// The events that are written.
const (
	QueueStart       Event = "QUEUESTART"
	ConfigReload     Event = "CONFIGRELOAD"
	AddMember        Event = "ADDMEMBER"
	RemoveMember     Event = "REMOVEMEMBER"
	Penalty          Event = "PENALTY"
	AgentLogin       Event = "AGENTLOGIN"
	AgentLogoff      Event = "AGENTLOGOFF"
	Pause            Event = "PAUSE"
	PauseAll         Event = "PAUSEALL"
	Unpause          Event = "UNPAUSE"
	UnpauseAll       Event = "UNPAUSEALL"
	EnterQueue       Event = "ENTERQUEUE"
	RingNoAnswer     Event = "RINGNOANSWER"
	RingCanceled     Event = "RINGCANCELED"
	AgentDump        Event = "AGENTDUMP"
	Connect          Event = "CONNECT"
	Hold             Event = "HOLD"   // ours: app_queue does not tell of holds
	Unhold           Event = "UNHOLD" // ours
	CompleteAgent    Event = "COMPLETEAGENT"
	CompleteCaller   Event = "COMPLETECALLER"
	BlindTransfer    Event = "BLINDTRANSFER"
	AttendedTransfer Event = "ATTENDEDTRANSFER"
	Abandon          Event = "ABANDON"
	ExitEmpty        Event = "EXITEMPTY"
	ExitWithKey      Event = "EXITWITHKEY"
	ExitWithTimeout  Event = "EXITWITHTIMEOUT"
	Withdraw         Event = "WITHDRAW"
)

// What stands in a field that an entry has no use for, and what stands for a call where none did it: app_queue's words for
// what comes from a database, and for what somebody has ordered.
const (
	none     = "NONE"
	realtime = "REALTIME"
	manager  = "MANAGER"
)

// Fields is how many data fields an entry has at most.
const Fields = 5

// Place is where an entry stands: entries follow from steps, and a step can have several.
type Place struct {
	Step int64 // the floor's count
	N    int   // from 1
}

// After reports whether p comes after q.
func (p Place) After(q Place) bool { return p.Step > q.Step || p.Step == q.Step && p.N > q.N }

// Entry is one entry of the queue_log. Its texts are fit for a line: nothing in them divides fields or lines.
type Entry struct {
	Place
	Time  time.Time
	Call  string // the unique id of the caller's channel, or NONE, or REALTIME
	Queue string // or NONE
	Agent string // the agent's number, or NONE
	Event Event
	Data  []string // [Fields] at most
}

// Line is the entry as it stands in Asterisk's file, without the line's end.
func (e Entry) Line() string { return string(e.AppendLine(nil)) }

// AppendLine appends the entry as it stands in Asterisk's file, without the line's end:
// epoch|callid|queue|agent|EVENT|data|…, and nothing behind the last bar where there is no data.
func (e Entry) AppendLine(b []byte) []byte {
	b = strconv.AppendInt(b, e.Time.Unix(), 10)
	for _, field := range []string{e.Call, e.Queue, e.Agent, string(e.Event)} {
		b = append(append(b, '|'), field...)
	}
	b = append(b, '|')
	for i, field := range e.Data {
		if i > 0 {
			b = append(b, '|')
		}
		b = append(b, field...)
	}
	return b
}

// withdrawn is how many data fields WITHDRAW has: the last one is there also where nothing stands in it.
const withdrawn = 4

// Trim gives the data fields of an event's entry out of all that a table has: those at the end in which nothing stands are
// not written.
func Trim(event Event, data []string) []string {
	least := 0
	if event == Withdraw {
		least = withdrawn
	}
	for len(data) > least && data[len(data)-1] == "" {
		data = data[:len(data)-1]
	}
	return data
}

// clean makes a text fit for a line. Callers choose their names: one with a bar or a line's end in it would forge entries.
func clean[T ~string](s T) string {
	return strings.Map(func(r rune) rune {
		if r == '|' || unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, string(s))
}

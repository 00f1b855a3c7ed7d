package crm

import (
	"fmt"
	"strings"
	"time"

	"ringside/queueapp/record"
)

// String says in a few words what happened, without the time and the account.
func (e Event) String() string {
	switch e.Kind {
	case Up:
		return "logged in as " + e.JID
	case Down:
		return "not logged in: " + e.Reason
	case Subscribed:
		return "subscribed to " + e.Node
	case Refused:
		return "not subscribed to " + e.Node + ": " + e.Reason
	case Opened:
		return "pop-up opens: " + e.headline()
	case Changed:
		return fmt.Sprintf("pop-up changes: %s, %s: %s", e.Call.Event, e.Call.State, e.who())
	case Closed:
		return "pop-up closes: " + e.ending()
	case Dropped:
		return fmt.Sprintf("record %s of call %s changes nothing: %s", e.Call.Event, e.Call.ID, e.Why)
	case Chatted:
		return fmt.Sprintf("chat from %s: %s", bare(e.From), strings.Join(strings.Fields(e.Text), " "))
	case Unreadable:
		return "unreadable: " + e.Reason
	}
	return string(e.Kind)
}

// headline is what a CRM would show first: who calls, where, and about what.
func (e Event) headline() string {
	parts := []string{e.who()}
	if e.Call.Queue != "" {
		parts = append(parts, "queue "+e.Call.Queue)
	}
	if n := e.Call.Caller.Number; n != "" {
		parts = append(parts, "caller "+n)
	}
	if e.Call.Event != record.Offered {
		parts = append(parts, string(e.Call.Event))
	}
	return strings.Join(append(parts, "call "+e.Call.ID), ", ")
}

// who is the customer, with the code, or the caller.
func (e Event) who() string {
	for _, call := range []*record.Call{e.Call, e.Before} {
		if call == nil || len(call.Customers) == 0 {
			continue
		}
		c := call.Customers[0]
		name := c.Name
		if name == "" {
			name = "customer " + c.ID
		}
		if c.Code != "" {
			name += " (" + c.Code + ")"
		}
		return name
	}
	if e.Call.Caller.Name != "" {
		return e.Call.Caller.Name
	}
	return "unknown caller"
}

// ending says how what was shown came to its end.
func (e Event) ending() string {
	if e.Why != "" {
		return fmt.Sprintf("%s: %s", e.Why, e.who())
	}
	parts := []string{fmt.Sprintf("%s: %s", e.Call.Event, e.who())}
	if e.Call.Reason != "" {
		parts = append(parts, string(e.Call.Reason))
	}
	if o := e.Call.Outcome; o.Value != "" {
		text := "outcome " + o.Value
		if o.By != "" {
			text += " by " + o.By
		}
		parts = append(parts, text)
	}
	if talk := e.Call.Seconds.Talk; talk != nil && *talk > 0 {
		parts = append(parts, fmt.Sprintf("talked %v", talk.Round(100*time.Millisecond)))
	}
	return strings.Join(parts, ", ")
}

func bare(jid string) string {
	bare, _, _ := strings.Cut(jid, "/")
	return bare
}

package projection

import (
	"slices"
	"strings"
	"time"

	"ringside/queueapp"
	"ringside/queueapp/transcript"
)

// Line is a step as the journal keeps it.
type Line struct {
	N        int64
	At       time.Time
	Call     queueapp.CallID // that the event is about; empty: none
	Event    string          // as package transcript writes it
	Effects  string          // the same, one a line
	Mentions []queueapp.CallID
}

// Journal gives the lines that steps leave in the journal: one each, but for ticks and device states from which nothing
// followed.
func Journal(steps []queueapp.Step) []Line {
	lines := make([]Line, 0, len(steps))
	for _, s := range steps {
		if len(s.Effects) == 0 && idle(s.Event) {
			continue
		}
		line := Line{N: s.N, At: s.At, Call: callOf(s.Event), Event: transcript.FormatEvent(s.Event)}
		var b []byte
		for i, e := range s.Effects {
			if i > 0 {
				b = append(b, '\n')
			}
			b = transcript.AppendEffect(b, e)
			if c := callIn(e); c != "" && c != line.Call && !slices.Contains(line.Mentions, c) {
				line.Mentions = append(line.Mentions, c)
			}
		}
		line.Effects = string(b)
		lines = append(lines, line)
	}
	return lines
}

// Read gives the step that a line was made of.
func Read(n int64, at time.Time, event string, effects []string) (queueapp.Step, error) {
	ev, err := transcript.ParseEvent(event)
	if err != nil {
		return queueapp.Step{}, err
	}
	step := queueapp.Step{N: n, At: at, Event: ev}
	for _, text := range effects {
		e, err := transcript.ParseEffect(strings.TrimSpace(text))
		if err != nil {
			return queueapp.Step{}, err
		}
		step.Effects = append(step.Effects, e)
	}
	return step, nil
}

func idle(ev queueapp.Event) bool {
	switch ev.(type) {
	case queueapp.Tick, queueapp.Device:
		return true
	}
	return false
}

// callOf is the call that an event is about; empty: none.
func callOf(ev queueapp.Event) queueapp.CallID {
	switch ev := ev.(type) {
	case queueapp.Enter:
		return ev.Call
	case queueapp.Offered:
		return ev.Attempt.Call
	case queueapp.Ringing:
		return ev.Attempt.Call
	case queueapp.Up:
		return ev.Attempt.Call
	case queueapp.Briefed:
		return ev.Attempt.Call
	case queueapp.Accepted:
		return ev.Attempt.Call
	case queueapp.Connected:
		return ev.Attempt.Call
	case queueapp.Held:
		return ev.Attempt.Call
	case queueapp.Resumed:
		return ev.Attempt.Call
	case queueapp.Ended:
		return ev.Attempt.Call
	case queueapp.Transferred:
		return ev.Attempt.Call
	case queueapp.Reached:
		return ev.Attempt.Call
	case queueapp.Replaced:
		return ev.Call
	case queueapp.Hangup:
		return ev.Call
	case queueapp.Withdraw:
		return ev.Call
	case queueapp.Move:
		return ev.Call
	case queueapp.Pull:
		return ev.Call
	case queueapp.Prioritise:
		return ev.Call
	case queueapp.Identify:
		return ev.Call
	case queueapp.RestoreVisit:
		return ev.Call
	case queueapp.RestoreAttempt:
		return ev.Attempt.Call
	case queueapp.Apply, queueapp.LogOn, queueapp.LogOff, queueapp.Pause, queueapp.Ready, queueapp.WrapUpFor, queueapp.RestoreMember, queueapp.Device, queueapp.Hold,
		queueapp.Unhold, queueapp.SwitchDown, queueapp.SwitchUp, queueapp.RestoreAgent, queueapp.Tick:
	}
	return ""
}

// callIn is the call that an effect is about; empty: none.
func callIn(e queueapp.Effect) queueapp.CallID {
	switch e := e.(type) {
	case queueapp.Announce:
		return e.Call
	case queueapp.Offer:
		return e.Attempt.Call
	case queueapp.Ring:
		return e.Attempt.Call
	case queueapp.Brief:
		return e.Attempt.Call
	case queueapp.HandOver:
		return e.Attempt.Call
	case queueapp.Located:
		return e.Attempt.Call
	case queueapp.Connect:
		return e.Attempt.Call
	case queueapp.Revoke:
		return e.Attempt.Call
	case queueapp.HangUp:
		return e.Attempt.Call
	case queueapp.OnHold:
		return e.Attempt.Call
	case queueapp.OffHold:
		return e.Attempt.Call
	case queueapp.Close:
		return e.Attempt.Call
	case queueapp.Leave:
		return e.Call
	case queueapp.Regained:
		return e.Call
	case queueapp.LoggedOn, queueapp.LoggedOff, queueapp.Serves, queueapp.Paused, queueapp.Unpaused, queueapp.WrapUp, queueapp.Missed, queueapp.Refused:
	}
	return ""
}

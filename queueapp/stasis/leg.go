package stasis

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/CyCoreSystems/ari/v5"

	"ringside/queueapp"
	"ringside/queueapp/engine"
)

// Q.850 causes that Asterisk does not give us but that we know or conclude.
const (
	noRoute          = 3
	normalClearing   = 16
	subscriberAbsent = 20
	networkDown      = 38
)

// The first argument of a leg's Stasis application. One that was originated enters it by its answer, one that was prepared
// at once. So a channel to which Asterisk forwarded a leg is known, too.
const (
	legArg      = "leg"
	preparedArg = "prepared"
)

// otherHalf ends the id of the far half of a Local leg.
const otherHalf = ";2"

// searchTime is how many deadlines long we look for something whose POST had no answer.
const searchTime = 2

// Prepare implements [engine.Switch].
func (s *Switch) Prepare(g engine.Leg) { s.ask("prepare", g, s.create) }

// Originate implements [engine.Switch].
func (s *Switch) Originate(g engine.Leg) {
	if g.Prepared {
		s.ask("dial", g, s.dial)
		return
	}
	s.ask("originate", g, s.originate)
}

// ask has something done about a leg; where that fails the leg is told absent, as soon as it is.
func (s *Switch) ask(command string, g engine.Leg, do func(ctx context.Context, ln *lane, g engine.Leg, last time.Time) error) {
	s.inbox.put(func(l *live) { l.expect(g.Channel, command) })
	last := s.soon()
	s.order(g.Channel, job{
		command: command, channel: g.Channel,
		do: func(ctx context.Context, ln *lane) error {
			sure, cancel := context.WithDeadline(ctx, last)
			defer cancel()
			if err := s.rest.lease.Begin(sure); err != nil {
				return fmt.Errorf("ari: %s: %w: %w", command, errStale, err)
			}
			if err := do(ctx, ln, g, last); err != nil {
				return err
			}
			s.inbox.put(func(l *live) {
				if known := l.legs[g.Channel]; known != nil {
					known.settled = true
				}
			})
			return nil
		},
		failed: func(err error) {
			s.log.Debug("a leg did not come to be", "channel", g.Channel, "dial", g.Dial, "err", err)
			s.inbox.put(func(l *live) { l.legFailed(g, err) })
		},
	})
}

func (s *Switch) originate(ctx context.Context, ln *lane, g engine.Leg, last time.Time) error {
	req := ari.OriginateRequest{
		Endpoint: g.Dial, App: s.app, AppArgs: legArg + "," + string(g.Channel), Originator: string(g.Originator),
		CallerID: callerID(g.CallerName, g.CallerNumber), Timeout: ringSeconds(g), OtherChannelID: farHalf(g), Variables: variables(g),
	}
	return s.post(ctx, ln, "originate", path("channels", string(g.Channel)), g, req, last)
}

// create makes a channel by POST /channels/create. What the phone will display is the connected line of a channel that
// Asterisk did not originate itself.
func (s *Switch) create(ctx context.Context, ln *lane, g engine.Leg, last time.Time) error {
	req := ari.ChannelCreateRequest{
		Endpoint: g.Dial, App: s.app, AppArgs: preparedArg + "," + string(g.Channel), ChannelID: string(g.Channel),
		OtherChannelID: farHalf(g), Originator: string(g.Originator),
	}
	vars := variables(g)
	if name, number := cleanName(g.CallerName), cleanNumber(g.CallerNumber); name != "" || number != "" {
		vars["CONNECTEDLINE(name,i)"], vars["CONNECTEDLINE(num,i)"] = name, number
	}
	return s.post(ctx, ln, "prepare", "/channels/create", g, withVariables{req, vars}, last)
}

// withVariables is what ari's request leaves out.
type withVariables struct {
	ari.ChannelCreateRequest
	Variables map[string]string `json:"variables,omitempty"`
}

// dial calls by a channel that was prepared. Asterisk says so with a conflict where the channel exists and is not in the
// application yet, which is a matter of a millisecond.
func (s *Switch) dial(ctx context.Context, ln *lane, g engine.Leg, last time.Time) error {
	req := struct {
		Timeout int `json:"timeout"`
	}{ringSeconds(g)}
	for pause := time.Millisecond; ; pause *= 2 {
		err := s.rest.doBefore(ctx, last, "dial", http.MethodPost, path("channels", string(g.Channel), "dial"), req, nil)
		if statusOf(err) != http.StatusConflict || ln.waits("hangup") || ctx.Err() != nil {
			return err
		}
		select {
		case <-ctx.Done():
		case <-ln.added:
		case <-time.After(pause):
		}
	}
}

func ringSeconds(g engine.Leg) int { return int(math.Ceil(g.Ring.Seconds())) }

// farHalf names the far half of a Local leg, which is ours to name, too.
func farHalf(g engine.Leg) string {
	if !strings.HasPrefix(g.Dial, "Local/") {
		return ""
	}
	return string(g.Channel) + otherHalf
}

func variables(g engine.Leg) map[string]string {
	vars := make(map[string]string, len(g.Variables))
	for _, v := range g.Variables {
		vars[v.Name] = v.Value
	}
	return vars
}

// post asks for a leg, and finds out what became of a request without an answer.
func (s *Switch) post(ctx context.Context, ln *lane, op, target string, g engine.Leg, req any, last time.Time) error {
	err := s.rest.doBefore(ctx, last, op, http.MethodPost, target, req, nil)
	switch status := statusOf(err); {
	case err == nil:
		return nil
	case status == http.StatusConflict:
		return s.stands(ctx, g)
	case status != 0, errors.Is(err, errStale), neverSent(err):
		return err
	}
	return s.search(ctx, ln, path("channels", string(g.Channel)), "hangup", err)
}

// stands looks whether a leg stands of which Asterisk says so. It may have been asked for by an owner before us; or another
// leg was, once, on the same connection: since then Asterisk says it there of every phone that it cannot reach.
func (s *Switch) stands(ctx context.Context, g engine.Leg) error {
	err := s.rest.again(ctx, "search", http.MethodGet, path("channels", string(g.Channel)), nil, nil)
	if statusOf(err) == http.StatusNotFound {
		return &refusal{op: "search", status: http.StatusInternalServerError, message: "the phone cannot be reached"}
	}
	return err
}

// search finds out what became of a POST that had no answer: it may still be acted on. The thing at target is asked for, or
// deleted where the command that ends it waits in the lane already, until it is there or could long have been.
func (s *Switch) search(ctx context.Context, ln *lane, target, end string, lost error) error {
	until := time.Now().Add(searchTime * s.timing.Request)
	for pause := 50 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		method := http.MethodGet
		if ln.waits(end) {
			method = http.MethodDelete
		}
		err := s.rest.do(ctx, "search", method, target, nil, nil)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil || neverSent(err) || time.Now().After(until) {
			return fmt.Errorf("%w; looked for it: %s", lost, err.Error())
		}
		select {
		case <-ctx.Done():
		case <-ln.added:
		case <-time.After(pause):
		}
	}
}

// neverSent reports whether nobody listened for a request: no Asterisk acted on it, nor on those before it, as none lives.
func neverSent(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }

// absentCause is the Q.850 cause for a leg that did not come to be: ARI gives none.
func absentCause(err error) int {
	switch status := statusOf(err); {
	case status >= 500:
		return subscriberAbsent // "Allocation failed": no contact is registered, or no such endpoint
	case status >= 400:
		return noRoute
	}
	return networkDown
}

// HangUp implements [engine.Switch].
func (s *Switch) HangUp(ch queueapp.ChannelID, reason string) {
	s.inbox.put(func(l *live) { l.endAsked(ch, reason) })
	s.hangUp(ch, reason)
}

func (s *Switch) hangUp(ch queueapp.ChannelID, reason string) {
	s.order(ch, job{command: "hangup", channel: ch, do: func(ctx context.Context, _ *lane) error {
		err := s.remove(ctx, "hangup", s.hangupPath(ch, reason))
		switch {
		case statusOf(err) == http.StatusNotFound:
			s.inbox.put(func(l *live) { l.endMissed(ch, true) })
			return nil
		case err == nil:
			s.inbox.put(func(l *live) { l.endMissed(ch, false) })
		}
		return err
	}})
}

// legFailed ends a leg that could not be had, unless it is told gone already. One that Asterisk has told of is not absent,
// and would stand for ever: only the answers were lost, or it was prepared and nobody knows whether it calls, and to ask
// again might call twice.
func (l *live) legFailed(g engine.Leg, err error) {
	switch known := l.legs[g.Channel]; {
	case known == nil:
	case known.settled:
		l.s.hangUp(g.Channel, "normal")
	default:
		l.legAbsent(g.Channel, absentCause(err))
	}
}

// drop hangs up a channel of which nobody is told.
func (s *Switch) drop(ch queueapp.ChannelID) {
	s.order(ch, job{
		command: "hangup", channel: ch,
		do: func(ctx context.Context, _ *lane) error {
			err := s.remove(ctx, "hangup", s.hangupPath(ch, ""))
			if statusOf(err) == http.StatusNotFound {
				return nil
			}
			return err
		},
		failed: func(err error) { s.log.Warn("a channel that nobody waits for stays", "channel", ch, "err", err) },
	})
}

func (s *Switch) hangupPath(ch queueapp.ChannelID, reason string) string {
	if causeOf(reason) == 0 {
		reason = "normal"
	}
	return path("channels", string(ch)) + "?" + url.Values{"reason": {reason}}.Encode()
}

// remove deletes something, trying for as long as there is no answer and there could be one. It fails with 404 where the
// thing was gone already.
func (s *Switch) remove(ctx context.Context, op, target string) error {
	var err error
	for range searchTime + 1 {
		if err = s.rest.do(ctx, op, http.MethodDelete, target, nil, nil); err == nil || statusOf(err) != 0 || ctx.Err() != nil {
			break
		}
	}
	return err
}

// causeOf is the cause that each of ARI's reasons for DELETE /channels/{id} gives (measured), 0 for what is none.
func causeOf(reason string) int {
	switch reason {
	case "normal":
		return normalClearing
	case "busy":
		return 17
	case "congestion":
		return 34
	case "no_answer":
		return 19
	case "timeout":
		return 18
	case "rejected":
		return 21
	case "unallocated":
		return 1
	case "normal_unspecified":
		return 31
	case "number_incomplete":
		return 28
	case "codec_mismatch":
		return 58
	case "interworking":
		return 127
	case "failure":
		return networkDown
	case "answered_elsewhere":
		return 26
	}
	return 0
}

// endAsked remembers that a channel's end was asked for, so that the answer is told once.
func (l *live) endAsked(ch queueapp.ChannelID, reason string) {
	if ours(ch) {
		if l.legs[ch] == nil {
			l.legs[ch] = &leg{settled: true}
		}
		return
	}
	c := l.callers[ch]
	if c == nil {
		c = &caller{unlisted: true}
		l.callers[ch] = c
	}
	if c.q850 == 0 {
		c.q850 = causeOf(reason)
	}
}

// endMissed takes the answer to a hang-up of which no event will come: the channel was absent, or a caller's in the dialplan.
func (l *live) endMissed(ch queueapp.ChannelID, absent bool) {
	if ours(ch) {
		if absent {
			l.legAbsent(ch, 0)
		}
		return
	}
	if c := l.callers[ch]; c != nil && (absent || c.unlisted) {
		c.hungUp = true
		l.callerGone(ch)
	}
}

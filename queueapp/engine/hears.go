package engine

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"ringside/ivr"
	"ringside/queueapp"
	"ringside/queueapp/floorplan"
)

// keyVariable tells the dialplan by which key a caller left a queue.
const keyVariable = "QUEUEAPP_KEY"

// ownersPlays is how many prompts one owner plays in a call at most: the next begins to count behind them, so that a
// playback which goes on has no other's name.
const ownersPlays = 1_000_000

// calendars makes the hours of a floor plan's queues ready for use.
func calendars(p floorplan.Plan) (map[queueapp.QueueName]floorplan.Calendar, error) {
	hours := make(map[string]floorplan.Calendar, len(p.Hours))
	for _, h := range p.Hours {
		calendar, err := h.Calendar()
		if err != nil {
			return nil, fmt.Errorf("floor plan: %w", err)
		}
		hours[h.Name] = calendar
	}
	out := make(map[queueapp.QueueName]floorplan.Calendar, len(p.Lines))
	for _, l := range p.Lines {
		if l.Hours != "" {
			out[l.Queue] = hours[l.Hours]
		}
	}
	return out, nil
}

// closed reports whether a queue's hours say that it takes no callers now.
func (t *tenure) closed(q queueapp.QueueName) bool { return !t.hours[q].OpenAt(t.Now()) }

// attend begins to tell a caller what is to be heard in the queue, where that is more than music. One who was told before,
// by us or by an owner before us, is not welcomed again.
func (t *tenure) attend(c *call) {
	l, ok := t.plan.Line(c.queue)
	if !ok || l.Silent() || c.dialogue != nil || c.gone {
		return
	}
	answered, _ := c.served()
	t.begin(c, ivr.NewWaiting(l.Announcements, c.entered, c.resumed || answered))
	if answered {
		t.input(c, ivr.Answered{})
	}
}

// waiting is the dialogue of a caller in a queue; nil: there is none.
func (c *call) waiting() *ivr.Waiting {
	w, _ := c.dialogue.(*ivr.Waiting)
	return w
}

// spoken reports whether a prompt plays to a caller in a queue: music would spoil it, and follows by itself.
func (c *call) spoken() bool {
	n := 0
	if w := c.waiting(); w != nil {
		n, _ = w.Playing()
	}
	return n != 0
}

// hush ends the prompt that plays to a caller in a queue: nothing that is ordered behind it takes place before its end.
func (c *call) hush() {
	w := c.waiting()
	if w == nil || c.gone {
		return
	}
	if n, stopped := w.Playing(); n != 0 && !stopped {
		c.sw.StopPlay(c.channel.ID, c.playback(c.plays.from+n))
	}
}

// plays counts a call's prompts over all its dialogues, so that no two playbacks have one name.
type plays struct {
	from int // where the dialogue's own count begins
	last int
}

// play plays prompts, of which some may be numbers.
func (c *call) play(p ivr.Play) {
	c.plays.last = max(c.plays.last, c.plays.from+p.N)
	c.sw.Play(c.channel.ID, c.playback(c.plays.from+p.N), media(p.Prompts))
}

func media(prompts []string) []string {
	out := make([]string, len(prompts))
	for i, prompt := range prompts {
		out[i] = prompt
		if !strings.Contains(prompt, ":") {
			out[i] = "sound:" + prompt
		}
	}
	return out
}

// locate tells a dialogue where its caller stands.
func (t *tenure) locate(c *call) {
	s := t.floor.Stands(c.id)
	t.input(c, ivr.Located{Position: s.Position, Wait: s.Wait, Known: s.Known, Draw: rand.Uint64()})
}

// playOn has the music go on that a prompt has ended: Asterisk does not do so by itself.
func (t *tenure) playOn(c *call) {
	if _, joined := c.served(); !joined && !c.gone {
		c.sw.StartMusic(c.channel.ID, c.music)
	}
}

// meet brings a caller and his agent together for whom nothing more is to be told.
func (t *tenure) meet(c *call) {
	for _, a := range c.attempts {
		if a.answered && (a.committed || t.unsure) {
			t.bridge(c, a)
		}
	}
}

// exit takes a caller out of the queue by a key.
func (t *tenure) exit(c *call, by ivr.Leave) {
	c.exit = &by
	if by.Step.Verb == ivr.VerbQueue {
		t.turn(queueapp.Move{Call: c.id, Queue: by.Step.Queue})
		return
	}
	t.turn(queueapp.Withdraw{Call: c.id, Outcome: queueapp.OutcomeKey})
}

// goOn gives a caller who has left a queue back to the dialplan, or where the key leads by which he left.
func (t *tenure) goOn(c *call, e queueapp.Leave) {
	vars := []Variable{{"QUEUEAPP_AGENT", string(e.Agent)}}
	if c.exit == nil || e.Outcome != queueapp.OutcomeKey {
		if l, ok := t.plan.Line(e.Queue); ok && len(l.Keys) > 0 { // else one of an earlier visit would stay
			vars = append(vars, Variable{keyVariable, ""})
		}
		t.sendOn(c, e.Outcome, nil, vars...)
		return
	}
	vars = append(vars, Variable{keyVariable, string(c.exit.Key)})
	switch p := c.exit.Step; p.Verb {
	case ivr.VerbHangUp:
		t.dismiss(c)
	case ivr.VerbGoto:
		t.sendOn(c, e.Outcome, &Place{Context: p.Goto.Context, Extension: p.Goto.Extension, Priority: p.Goto.Priority}, vars...)
	case ivr.VerbAsk, ivr.VerbMenu, ivr.VerbQueue:
		t.sendOn(c, e.Outcome, nil, vars...)
	default:
		t.sendOn(c, e.Outcome, nil, vars...)
	}
}

// together tells how well the wait of a caller who has just met an agent was estimated.
func (t *tenure) together(c *call) {
	v, ok := t.floor.Call(c.id)
	if ok && t.Observer != nil && !v.Expected.IsZero() {
		t.Observer.Estimated(v.Queue, v.Expected.Sub(v.Entered), v.Connected.Sub(v.Entered))
	}
}

package engine

import (
	"errors"
	"time"

	"ringside/ivr"
	"ringside/queueapp"
	"ringside/queueapp/failpoint"
)

// begin starts a dialogue with a caller.
func (t *tenure) begin(c *call, d ivr.Dialogue) {
	c.dialogue, c.plays.from = d, c.plays.last
	t.input(c, ivr.Start{})
	failpoint.Here("begun", "dialogue")
}

// input gives a call's dialogue something and does what follows.
func (t *tenure) input(c *call, in ivr.Input) {
	d := c.dialogue
	if d == nil {
		return
	}
	for _, action := range d.Handle(t.Now(), in) {
		if _, stop := action.(ivr.StopPlay); !stop {
			t.keepMenu(c, d)
		}
		t.do(c, action)
	}
	t.keepMenu(c, d)
	if c.dialogue != d || d.Over() {
		return
	}
	t.wakeDialogue(c, d)
}

// wakeDialogue has the dialogue get its tick when it wants one.
func (t *tenure) wakeDialogue(c *call, d ivr.Dialogue) {
	if c.wake != nil {
		c.wake.Stop()
		c.wake = nil
	}
	next := d.Next()
	if next.IsZero() {
		return
	}
	c.wake = time.AfterFunc(max(0, next.Sub(t.Now())), func() {
		t.post(func() {
			if c.dialogue == d {
				t.input(c, ivr.Tick{})
			}
		})
	})
}

func (c *call) endDialogue() {
	c.hush()
	c.dialogue = nil
	if c.wake != nil {
		c.wake.Stop()
		c.wake = nil
	}
}

func (t *tenure) do(c *call, action ivr.Action) {
	switch a := action.(type) {
	case ivr.Play:
		c.play(a)
	case ivr.StopPlay:
		c.sw.StopPlay(c.channel.ID, c.playback(c.plays.from+a.N))
	case ivr.Locate:
		t.locate(c)
	case ivr.Music:
		t.playOn(c)
	case ivr.Meet:
		t.meet(c)
	case ivr.Leave:
		t.exit(c, a)
	case ivr.LookUp:
		t.guess(c, a.Code, func(found []queueapp.Customer, err error) {
			switch {
			case errors.Is(err, errBarred):
				t.input(c, ivr.Barred{N: a.N})
			case err != nil:
				t.input(c, ivr.LookupFailed{N: a.N})
			case len(found) == 0:
				t.input(c, ivr.NotFound{N: a.N})
			default:
				t.input(c, ivr.Found{N: a.N, Customers: found})
			}
		})
	case ivr.Bar:
		t.barred(c, "call", a.Wrong)
	case ivr.Do:
		t.wish(c, a)
	case ivr.Queue:
		c.endDialogue()
		if len(a.Customers) == 0 && a.Code == "" {
			t.identify(c, "")
		}
		t.enter(c, queueapp.Enter{
			Queue: a.Queue, Entry: t.entryFor(c, a.Queue), Priority: a.Priority, Needs: a.Needs, Customers: a.Customers, Data: withCode(a.Data, a.Code, a.Customers),
		})
	case ivr.Goto:
		t.sendOn(c, "", &Place{Context: a.Context, Extension: a.Extension, Priority: a.Priority})
	case ivr.HangUp:
		t.dismiss(c)
	}
}

// entryFor is the place in line of a caller who comes from a menu: of now, or of when he called where the queue has it so.
func (t *tenure) entryFor(c *call, queue queueapp.QueueName) int64 {
	if l, _ := t.plan.Line(queue); l.FromCall && c.came != 0 {
		return c.came
	}
	t.nextEntry++
	return t.nextEntry
}

// wish carries out what an agent asked for by a code. Who it is, the endpoint of the channel says, never the caller id
// (DESIGN §4.12); the answer is given once it is durable.
func (t *tenure) wish(c *call, do ivr.Do) {
	x, ok := t.extensionAt(c.sw.Name(), c.channel.Endpoint)
	if !ok {
		t.log.Warn("agent code refused: the channel belongs to no extension", "call", c.id, "endpoint", c.channel.Endpoint,
			"verb", do.Command.Verb)
		t.input(c, ivr.Refused{N: do.N, Reason: queueapp.RefusedUnknownExtension})
		return
	}
	agent := t.agentOf(x, do.Command)
	if !t.proves(c, agent, do) {
		return
	}
	effects := t.turn(agentEvent(agent, x, do.Command))
	t.whenDurable(func() {
		for _, e := range effects {
			if r, no := e.(queueapp.Refused); no {
				t.input(c, ivr.Refused{N: do.N, Reason: r.Reason})
				return
			}
		}
		t.input(c, ivr.Granted{N: do.N})
	})
}

// extensionAt finds whose phone an endpoint of a switch is. The same name at another switch is somebody else's.
func (t *tenure) extensionAt(sw queueapp.SwitchName, endpoint string) (queueapp.ExtensionID, bool) {
	if xs := t.devices[device{sw, endpoint}]; endpoint != "" && len(xs) > 0 {
		return xs[0], true
	}
	return "", false
}

// agentOf is whose wish it is: who was keyed in, else whoever is logged on at the extension, else the agent whose place it
// is.
func (t *tenure) agentOf(x queueapp.ExtensionID, cmd ivr.Command) queueapp.AgentID {
	if cmd.Agent != "" {
		return cmd.Agent
	}
	agent := queueapp.AgentID(x)
	for _, a := range t.plan.Floor.Agents {
		if a.Extension == x {
			agent = a.ID
		}
	}
	if seated := t.agentAt(x); seated != "" {
		agent = seated
	}
	return agent
}

// agentEvent puts an agent's wish in the floor's words.
func agentEvent(agent queueapp.AgentID, x queueapp.ExtensionID, cmd ivr.Command) queueapp.Event {
	switch cmd.Verb {
	case ivr.AgentLogOff:
		return queueapp.LogOff{Agent: agent, Queue: cmd.Queue}
	case ivr.AgentPause:
		return queueapp.Pause{Agent: agent, Reason: cmd.Reason, Queue: cmd.Queue}
	case ivr.AgentReady:
		return queueapp.Ready{Agent: agent, Queue: cmd.Queue}
	case ivr.AgentLogOn:
	}
	return queueapp.LogOn{Agent: agent, Extension: x, Queue: cmd.Queue}
}

package engine

import (
	"slices"
	"strconv"
	"time"

	"ringside/ivr"
	"ringside/queueapp"
)

const (
	// waitMargin is how much longer than its wait a caller's dead man's switch lets a call live.
	waitMargin = time.Minute
	// dialogueLimit is how long the dead man's switch lets a dialogue last.
	dialogueLimit = 10 * time.Minute
	// closeMargin is how long after the latest end of a call its record stands at most.
	closeMargin = time.Minute
)

func seconds(d time.Duration) string { return strconv.Itoa(int((d + time.Second - 1) / time.Second)) }

// arrived takes a channel that came from the dialplan, by its arguments.
func (t *tenure) arrived(sw Switch, ch Channel) { t.take(sw, ch, t.openMenu) }

func (t *tenure) take(sw Switch, ch Channel, menu func(c *call, name string)) {
	c := t.channels[channelAt{sw.Name(), ch.ID}]
	if c != nil && !c.gone {
		return // known from the list already
	}
	args, err := ivr.ParseArgs(ch.Args)
	if err == nil && args.Kind == ivr.KindTransfer {
		t.passing(sw, ch)
		return
	}
	if t.unsure {
		t.turnAway(sw, ch, awayOutage)
		return
	}
	if c == nil {
		c = t.welcome(sw, ch)
	} else { // back from the dialplan before a leg of the last visit is seen gone
		c.channel, c.gone, c.sentOn, c.farewell, c.limit = ch, false, false, nil, 0
	}
	if err != nil {
		t.log.Warn("dialplan arguments", "call", c.id, "channel", ch.ID, "err", err)
	}
	switch args.Kind {
	case ivr.KindMenu:
		t.nextEntry++
		c.came = t.nextEntry
		menu(c, args.Menu)
	case ivr.KindQueue:
		t.toQueue(c, args)
	case ivr.KindAgent:
		t.answer(c)
		t.begin(c, ivr.NewAgent(args.Command, t.askOf(c, args)))
	case ivr.KindTransfer: // it is none
	default:
		t.sendOn(c, queueapp.OutcomeUnknownQueue, nil)
	}
}

// answer answers the caller of a dialogue, and has the dead man's switch wait for as long as that may last.
func (t *tenure) answer(c *call) {
	if !c.channel.Up {
		c.channel.Up = true
		c.sw.Answer(c.channel.ID)
	}
	c.sw.SetVariables(c.channel.ID, absolute(dialogueLimit))
}

// toQueue enters the queue, and has the customer looked up meanwhile where the dialplan's arguments or the caller's number
// may tell one.
func (t *tenure) toQueue(c *call, args ivr.Args) {
	entry := c.entry
	if !args.Keep || entry == 0 {
		t.nextEntry++
		entry = t.nextEntry
	}
	q := queueapp.Enter{
		Queue: args.Queue, Entry: entry, Priority: args.Priority, Timeout: args.Timeout, Needs: args.Needs, Agent: args.Agent,
		Data: withCode(args.Data, args.Code, nil),
	}
	if args.Customer != "" {
		q.Customers = []queueapp.Customer{{ID: args.Customer, Match: queueapp.MatchUnknown}}
	}
	t.identify(c, args.Code)
	t.enter(c, q)
}

// withCode keeps a code that belongs to nobody we know: the agent may know whose it is.
func withCode(data []queueapp.Datum, code string, found []queueapp.Customer) []queueapp.Datum {
	if code == "" || len(found) > 0 {
		return data
	}
	return append(slices.Clone(data), queueapp.Datum{Key: codeKey, Value: code})
}

// enter puts the call into a queue, with music from here to the bridge.
func (t *tenure) enter(c *call, ev queueapp.Enter) {
	if t.unsure { // it was in a dialogue
		t.turnedAway(awayOutage)
		t.sendOn(c, queueapp.OutcomeUnavailable, nil)
		return
	}
	ev.Call, ev.Switch, ev.Channel, ev.Caller, ev.Attempts = c.id, c.sw.Name(), c.channel.ID, c.channel.Caller, c.tried
	var music string
	for _, q := range t.plan.Floor.Queues {
		if q.Name == ev.Queue {
			music = q.Music
			if ev.Timeout <= 0 {
				ev.Timeout = q.Timeout
			}
		}
	}
	c.endDialogue() // of the queue before
	ev.Closed, ev.Prefer = t.closed(ev.Queue), t.prefer(ev)
	c.queue, c.entered, c.customers, c.data, c.needs = ev.Queue, t.Now(), ev.Customers, ev.Data, ev.Needs
	c.resumed, c.exit = false, nil
	c.only, c.entry = ev.Agent, ev.Entry
	c.music, c.limit = music, ev.Timeout+waitMargin
	t.turn(ev) // which may lead into another queue
	if v, waits := t.floor.Call(c.id); waits && v.Attempt == 0 {
		t.receive(c)
	}
}

// pass puts a caller who leaves a queue into the next, where he keeps his place: within the batch that ends his visit, so
// that nobody finds him in none.
func (t *tenure) pass(c *call, e queueapp.Leave) {
	t.enter(c, queueapp.Enter{
		Queue: e.Next, Entry: e.Entry, Priority: e.Priority, Customers: c.customers, Data: c.data, Needs: c.needs, Agent: c.only,
	})
}

// receive gives a caller in a queue what waiting takes: an answer, music, and a dead man's switch that lasts as long as
// the wait may. Where an agent is free it comes right behind the ring, which it would otherwise delay by its work.
func (t *tenure) receive(c *call) {
	if c.limit == 0 || c.gone {
		return
	}
	if !c.channel.Up {
		c.channel.Up = true
		c.sw.Answer(c.channel.ID)
	}
	if !c.spoken() {
		c.sw.StartMusic(c.channel.ID, c.music)
	}
	c.sw.SetVariables(c.channel.ID, absolute(c.limit))
	c.limit = 0
	t.attend(c)
}

// sendOn gives a call back to the dialplan: at place, or at the next priority.
func (t *tenure) sendOn(c *call, o queueapp.Outcome, place *Place, vars ...Variable) {
	c.endDialogue()
	vars = append(vars, Variable{callVariable, string(c.id)}, Variable{"QUEUEAPP_OUTCOME", string(o)})
	if status := o.QueueStatus(); status != "" {
		vars = append(vars, Variable{"QUEUESTATUS", status})
	}
	vars = append(append(vars, c.forgetMenu()...), dialplanRules())
	c.farewell = func() { c.sw.Continue(c.channel.ID, place, vars...) }
	c.sentOn = true
	c.farewell()
}

// dialplanRules ends our dead man's switch on a channel.
func dialplanRules() Variable { return Variable{"TIMEOUT(absolute)", "0"} }

// dismiss hangs a caller up.
func (t *tenure) dismiss(c *call) {
	c.endDialogue()
	c.farewell = func() { c.sw.HangUp(c.channel.ID, "normal") }
	c.farewell()
}

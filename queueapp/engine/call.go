package engine

import (
	"strconv"
	"strings"
	"time"

	"ringside/ivr"
	"ringside/queueapp"
)

// call is a caller's channel life with us, as far as the shell must know it: which channel, which dialogue, and what its
// records say. What the call waits for is the floor's business.
type call struct {
	id           queueapp.CallID
	sw           Switch
	channel      Channel
	arrived      time.Time
	dialogue     ivr.Dialogue // of a menu or a code, or of a queue whose callers hear more than music
	plays        plays
	resumed      bool        // an owner before us had the caller in this queue
	exit         *ivr.Leave  // the key by which the caller leaves the queue
	wake         *time.Timer // when the dialogue wants its tick
	menu         string      // of the floor plan, as the channel keeps it for the next owner
	queue        queueapp.QueueName
	entered      time.Time
	customers    []queueapp.Customer
	data         []queueapp.Datum
	needs        []queueapp.Need  // skills that the call itself asks for
	only         queueapp.AgentID // for whom alone it is; empty: for whoever the queue chooses
	seeking      bool             // the caller is being looked up
	seq          int64            // of the last record
	attempts     map[int]*attempt
	entry        int64 // of the last visit; 0: there was none
	came         int64 // the entry number of a caller who came to a menu, for queues in which that counts
	tried        int   // attempts so far, over all visits
	music        string
	limit        time.Duration      // of the wait; 0 once the caller is received
	reception    *time.Timer        // when the caller is received, whatever the phone does
	untold       []queueapp.AgentID // who is to hear of the caller by chat once the first record is out
	unidentified []func()           // to be done once the caller's look-up has ended
	bridged      bool               // a bridge was asked for
	inBridge     bool               // the caller is in it
	left         *queueapp.Leave    // the visit has ended, and this is still to be done
	farewell     func()             // orders the caller out of the application; nil before that is due
	sentOn       bool               // into the dialplan, from where it may come back
	partly       bool               // of an owner before us, who knew more: how many attempts it has had
	recording    *recording         // of the conversation; nil: there is none
	gone         bool               // the caller's channel has left us
}

// attempt is one offer as far as records and legs need it.
type attempt struct {
	id        queueapp.AttemptID
	agent     queueapp.AgentID
	extension queueapp.ExtensionID
	opened    bool                 // the record that opens was made
	rung      bool                 // a leg was asked for
	inherited bool                 // by an owner before us: only a listing tells whether it lives
	prepared  bool                 // its leg calls nobody yet
	until     time.Time            // when Asterisk ends the ring; zero where a former owner asked for it
	answered  bool                 // it is to be brought together with the caller
	committed bool                 // that is durable
	joined    bool                 // that was asked for
	inBridge  bool                 // the leg is in the bridge
	lost      bool                 // it ends through no fault of the agent's
	unheard   bool                 // restored before its switch told whether its leg calls anybody
	onHold    bool                 // by the agent
	early     bool                 // the phone keeps its line already, though the caller is not there yet
	held      time.Duration        // in holds that are over
	ended     bool                 // revoked or closed: its record is
	other     queueapp.ChannelID   // its leg, where a transfer has brought it; else we made it
	from      queueapp.ExtensionID // that transferred the call here
	name      string               // of that leg
	told      bool                 // whoever the call was handed over to may be rung
	half      *Channel             // the far half of the leg, which waits in our application for that
	briefing  *briefing            // nil: there is none
	offered   time.Time
	ringing   time.Time
	pickedUp  time.Time
	connected time.Time
	expires   time.Time
}

// idPrefix marks channels, bridges and playbacks that are ours (DESIGN §4.3).
const idPrefix = "rs1."

func legID(a queueapp.AttemptID) queueapp.ChannelID {
	return queueapp.ChannelID(idPrefix + a.String() + ".1")
}

func (a *attempt) leg() queueapp.ChannelID {
	if a.other != "" {
		return a.other
	}
	return legID(a.id)
}

func (c *call) bridge() BridgeID { return BridgeID(idPrefix + string(c.id)) }

func (c *call) playback(n int) PlaybackID {
	return PlaybackID(idPrefix + string(c.id) + ".p" + strconv.Itoa(n))
}

// playNumber reads what [call.playback] wrote; 0 for a playback of another call.
func (c *call) playNumber(id PlaybackID) int {
	digits, ok := strings.CutPrefix(string(id), idPrefix+string(c.id)+".p")
	if !ok {
		return 0
	}
	n, err := strconv.Atoi(digits)
	if err != nil {
		return 0
	}
	return n
}

// attemptOf reads the attempt out of a leg's channel id.
func attemptOf(ch queueapp.ChannelID) (queueapp.AttemptID, bool) {
	rest, ok := strings.CutPrefix(string(ch), idPrefix)
	if !ok {
		return queueapp.AttemptID{}, false
	}
	dot := strings.LastIndexByte(rest, '.')
	if dot < 0 {
		return queueapp.AttemptID{}, false
	}
	id, err := queueapp.ParseAttemptID(rest[:dot])
	return id, err == nil
}

// callOf reads the call out of a bridge's id.
func callOf(id BridgeID) (queueapp.CallID, bool) {
	rest, ok := strings.CutPrefix(string(id), idPrefix)
	return queueapp.CallID(rest), ok
}

// channelAt is a channel at one of the switches: two Asterisks may give the same unique id, which is of a second and a count.
type channelAt struct {
	sw      queueapp.SwitchName
	channel queueapp.ChannelID
}

func (c *call) at() channelAt { return channelAt{c.sw.Name(), c.channel.ID} }

// admit registers a caller's channel as a call.
func (t *tenure) admit(id queueapp.CallID, sw Switch, ch Channel) *call {
	c := &call{id: id, sw: sw, channel: ch, arrived: t.Now(), attempts: map[int]*attempt{}}
	t.calls[id] = c
	t.channels[c.at()] = c
	return c
}

// attempt finds an open attempt's call and shell; nil where either is gone.
func (t *tenure) attempt(id queueapp.AttemptID) (*call, *attempt) {
	c := t.calls[id.Call]
	if c == nil {
		return nil, nil
	}
	return c, c.attempts[id.N]
}

// settle forgets a call when nothing of it is left: the channel is gone, the visit has ended, and so have all legs. Its
// bridge goes last: a bridge destroyed before its channels overwrites their hang-up cause.
func (t *tenure) settle(c *call) {
	if !c.gone {
		return
	}
	if _, waits := t.floor.Call(c.id); waits {
		return
	}
	for _, a := range c.attempts {
		if a.rung || !a.ended {
			return
		}
	}
	c.endDialogue()
	if c.reception != nil {
		c.reception.Stop()
	}
	if c.bridged {
		c.sw.DestroyBridge(c.bridge(), c.channel.ID)
	}
	if c.sentOn && !c.partly {
		t.sendOff(c)
	}
	delete(t.calls, c.id)
	delete(t.channels, c.at())
}

package aritest

import (
	"hash/fnv"
	"math/rand/v2"
	"strings"
	"time"
)

// Fault is what goes wrong with a request. Asterisk acts on it at a time of its own, and answers at another, or never.
type Fault struct {
	// Status refuses with this status and Message; nothing is acted on.
	Status  int
	Message string

	Act   time.Duration   // it is acted on so much later, even if whoever asked has given up
	Until <-chan struct{} // it is acted on once this is closed
	Never bool            // it is not acted on, and not answered

	Reply   time.Duration // the answer leaves so much later than what it answers was done, and so do not the events
	NoReply bool          // the connection ends at once, without an answer
	Torn    bool          // the connection ends within the answer's body, which is lost
}

// LostRequest is not acted on, and nobody is told.
func LostRequest() Fault { return Fault{Never: true, NoReply: true} }

// LostReply is acted on, and nobody is told.
func LostReply() Fault { return Fault{NoReply: true} }

// NoAnswer is taken by an Asterisk that hangs: nothing is done, and the connection stands.
func NoAnswer() Fault { return Fault{Never: true} }

// LateReply is acted on at once and answered late: the events come before the answer.
func LateReply(d time.Duration) Fault { return Fault{Reply: d} }

// Overtaken is acted on late, after the connection has ended: what is asked for later comes first.
func Overtaken(by time.Duration) Fault { return Fault{Act: by, NoReply: true} }

// Refused is refused with a status: 404, 409, 412, 422, 500.
func Refused(status int, message string) Fault { return Fault{Status: status, Message: message} }

// wantsReply reports whether it matters who asks.
func (f Fault) wantsReply() bool { return f == Fault{} || !f.NoReply && !f.Never && f.Status == 0 }

// rule says which requests a fault befalls.
type rule struct {
	request []string
	left    int // how many more; -1 all
	fault   Fault
}

// On has requests go wrong: the next so many, or all where times is 0. The request is a method and a path below /ari,
// "DELETE /channels/rs1.leg"; an asterisk stands for one part of the path. The rule that was made last counts.
func (a *Asterisk) On(request string, times int, f Fault) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if times == 0 {
		times = -1
	}
	a.faults = append(a.faults, &rule{parts(request), times, f})
}

// Off takes back what On said of exactly this request.
func (a *Asterisk) Off(request string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, r := range a.faults {
		if strings.Join(r.request, "/") == strings.Join(parts(request), "/") {
			r.left = 0
		}
	}
}

func parts(request string) []string { return strings.Split(request, "/") }

func (r *rule) meets(request []string) bool {
	if r.left == 0 || len(r.request) != len(request) {
		return false
	}
	for i, p := range r.request {
		if p != "*" && p != request[i] {
			return false
		}
	}
	return true
}

// seen is what was asked under one method and path.
type seen struct {
	times int
	body  string
}

// note keeps a request and says what goes wrong with it.
func (a *Asterisk) note(line string, body []byte) Fault {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.o.Keep {
		s := a.seen[line]
		if s == nil {
			s = &seen{}
			a.seen[line] = s
		}
		s.times++
		s.body = string(body)
	}
	if len(a.faults) > 0 {
		at := parts(line)
		for i := len(a.faults) - 1; i >= 0; i-- {
			if r := a.faults[i]; r.meets(at) {
				r.left = max(-1, r.left-1)
				return r.fault
			}
		}
	}
	return a.drawFault(line)
}

// Count is how often something was asked for: "GET /channels".
func (a *Asterisk) Count(request string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	if s := a.seen[request]; s != nil {
		return s.times
	}
	return 0
}

// Body is what was said with a request the last time.
func (a *Asterisk) Body(request string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	if s := a.seen[request]; s != nil {
		return s.body
	}
	return ""
}

// Asked is everything that was asked for, and how often. It needs Options.Keep, as Count and Body do.
func (a *Asterisk) Asked() map[string]int {
	a.mu.Lock()
	defer a.mu.Unlock()
	asked := make(map[string]int, len(a.seen))
	for line, s := range a.seen {
		asked[line] = s.times
	}
	return asked
}

// act does something when a fault says: now, later, or never.
func (a *Asterisk) act(f Fault, do func()) {
	switch {
	case f.Never:
	case f.Act == 0 && f.Until == nil:
		do()
	default:
		a.background(func() {
			if f.Until != nil {
				select {
				case <-f.Until:
				case <-a.ended:
					return
				}
			}
			t := time.NewTimer(f.Act)
			defer t.Stop()
			select {
			case <-t.C:
				do()
			case <-a.ended:
			}
		})
	}
}

// Trouble is what goes wrong with an event.
type Trouble struct {
	Lost   bool
	Copies int           // how often it is told more than once
	Late   time.Duration // it is told so much later, and the events behind it are not
}

// trouble says which events it befalls.
type trouble struct {
	kind, about string
	left        int
	Trouble
}

// Trouble has events go wrong: the next so many of a kind about something, a channel, playback or device by its id; all where
// times is 0, of every kind or about everything where those are empty.
func (a *Asterisk) Trouble(kind, about string, times int, t Trouble) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if times == 0 {
		times = -1
	}
	a.troubles = append(a.troubles, &trouble{kind, about, times, t})
}

// met says how often and how late an event is told.
func (a *Asterisk) met(e event) (copies int, late time.Duration) {
	for i := len(a.troubles) - 1; i >= 0; i-- {
		t := a.troubles[i]
		if t.left == 0 || t.kind != "" && t.kind != e.kind || t.about != "" && t.about != e.about {
			continue
		}
		t.left = max(-1, t.left-1)
		if t.Lost {
			return 0, 0
		}
		return 1 + t.Copies, t.Late
	}
	return a.drawTrouble(e), 0
}

// Chaos draws faults. Each is a chance between 0 and 1.
type Chaos struct {
	LostRequest, LostReply, LateReply, Overtaken, NoAnswer float64
	Refused                                                float64       // with 500
	Doubled                                                float64       // events
	Late                                                   time.Duration // how late at most
}

// source draws for one thing. The same is drawn for the same thing under the same seed.
func (a *Asterisk) source(thing string) *rand.Rand {
	h := fnv.New64a()
	_, _ = h.Write([]byte(thing)) // it cannot fail
	return rand.New(rand.NewPCG(a.o.Seed, h.Sum64()))
}

// again is source where something may come more than once under one name.
func (a *Asterisk) again(thing string) *rand.Rand {
	n := a.drawn[thing]
	a.drawn[thing]++
	h := fnv.New64a()
	_, _ = h.Write([]byte(thing))
	return rand.New(rand.NewPCG(a.o.Seed+n, h.Sum64()))
}

// listens reports whether a request is one of those that make up a connection. Chaos spares them: Cut is for these.
func listens(line string) bool {
	return strings.HasPrefix(line, "GET ") && !strings.HasPrefix(line, "GET /channels/") || strings.HasPrefix(line, "PUT ")
}

func (a *Asterisk) drawFault(line string) Fault {
	c := a.o.Chaos
	if c == (Chaos{}) || listens(line) {
		return Fault{}
	}
	r := a.again(line)
	late := time.Duration(r.Float64() * float64(c.Late))
	at := r.Float64()
	for _, one := range []struct {
		chance float64
		fault  Fault
	}{
		{c.LostRequest, LostRequest()},
		{c.LostReply, LostReply()},
		{c.LateReply, LateReply(late)},
		{c.Overtaken, Overtaken(late)},
		{c.NoAnswer, NoAnswer()},
		{c.Refused, Refused(500, "Allocation failed")},
	} {
		if at < one.chance {
			return one.fault
		}
		at -= one.chance
	}
	return Fault{}
}

func (a *Asterisk) drawTrouble(e event) (copies int) {
	if c := a.o.Chaos.Doubled; c > 0 && a.again(e.kind+" "+e.about).Float64() < c {
		return 2
	}
	return 1
}

package engine

import "testing"

// An agent's phone may keep its line as soon as it has answered, be it while a briefing plays: the caller comes to a phone that
// does not hear him. That is a hold from the begin of the conversation, and on the screen after the answer.
func TestAHoldBeforeTheConversation(t *testing.T) {
	const leg = "rs1.c1.1.1"
	for _, c := range []struct {
		name  string
		first []SwitchEvent // before the answer
		told  []SwitchEvent // after it
		holds int
	}{
		{"kept", nil, []SwitchEvent{Held{leg}}, 1},
		{"kept, and told of before the answer", []SwitchEvent{Held{leg}}, nil, 1},
		{"kept and taken back", nil, []SwitchEvent{Held{leg}, Resumed{leg}}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.start(SwitchUp{})
			w.logOn("1000")
			w.tell(caller("ch1", "queue", "support"))
			w.await("originate rs1.c1.1.1")
			w.tell(append(append([]SwitchEvent{LegRinging{leg}}, c.first...), LegUp{leg})...)
			w.await("bridge rs1.c1")
			w.tell(c.told...)
			w.tell(Entered{"rs1.c1", "ch1"}, Entered{"rs1.c1", leg})
			w.await("publish answered 1000 c1.1")
			if c.holds > 0 {
				w.order("publish answered 1000 c1.1", "publish held 1000 c1.1")
			}
			w.tell(Resumed{leg}, LegGone{Channel: leg, Q850: 16})
			w.await("publish ended 1000 c1.1")
			if held, resumed := w.count("publish held"), w.count("publish resumed"); held != c.holds || resumed != c.holds {
				t.Errorf("%d holds, of which %d ended; want %d", held, resumed, c.holds)
			}
		})
	}
}

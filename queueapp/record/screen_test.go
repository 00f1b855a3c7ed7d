package record_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"ringside/queueapp/record"
)

// rec makes a record of call c1 that lives for a minute.
func rec(seq int64, event record.Event, state record.State, attempt int) record.Call {
	return record.Call{ID: "c1", Event: event, State: state, Seq: seq, At: at, Expires: at.Add(time.Minute), Attempt: attempt}
}

// told says in words what a screen did.
func told(changes []record.Change) []string {
	var out []string
	for _, c := range changes {
		s := fmt.Sprintf("%s %s %s %d", c.Verb, c.Node, c.Call.ID, c.Call.Seq)
		if c.Why != "" {
			s += " " + string(c.Why)
		}
		out = append(out, s)
	}
	return out
}

func TestScreenFollowsACall(t *testing.T) {
	t.Parallel()
	other := rec(8, record.Offered, record.Ringing, 1)
	other.ID = "c2"
	short := rec(12, record.Updated, record.Talking, 3)
	short.Expires = short.At
	type step struct {
		after time.Duration
		node  string
		call  record.Call
		want  []string
	}
	for name, x := range map[string]struct {
		mode  record.Mode
		steps []step
	}{
		"a whole life": {record.Transient, []step{
			{0, "n", rec(1, record.Offered, record.Ringing, 1), []string{"opens n c1 1"}},
			{0, "n", rec(1, record.Offered, record.Ringing, 1), []string{"drops n c1 1 repeated"}},
			{0, "n", rec(4, record.Answered, record.Talking, 1), []string{"changes n c1 4"}},
			{0, "n", rec(3, "sung", record.Talking, 1), []string{"drops n c1 3 late"}},
			{0, "n", rec(5, "parked", record.OnHold, 1), []string{"changes n c1 5"}},
			{0, "n", rec(6, record.Ended, record.Closed, 1), []string{"closes n c1 6"}},
			{0, "n", rec(7, record.Updated, record.Talking, 1), []string{"drops n c1 7 was-closed"}},
			{0, "n", rec(8, record.Ended, record.Closed, 1), []string{"drops n c1 8 was-closed"}},
		}},
		"a call that comes back": {record.Transient, []step{
			{0, "n", rec(1, record.Offered, record.Ringing, 1), []string{"opens n c1 1"}},
			{0, "n", rec(2, record.Revoked, record.Closed, 1), []string{"closes n c1 2"}},
			{0, "n", rec(5, record.Offered, record.Ringing, 3), []string{"opens n c1 5"}},
			{0, "n", rec(6, record.Ended, record.Closed, 3), []string{"closes n c1 6"}},
			{0, "n", rec(9, record.Offered, record.Ringing, 0), []string{"opens n c1 9"}},
		}},
		"ring-all on two nodes, seen by one CRM": {record.Transient, []step{
			{0, "n", rec(1, record.Offered, record.Ringing, 1), []string{"opens n c1 1"}},
			{0, "m", rec(2, record.Offered, record.Ringing, 2), []string{"opens m c1 2"}},
			{0, "m", rec(3, record.Answered, record.Talking, 2), []string{"changes m c1 3"}},
			{0, "n", rec(4, record.Revoked, record.Closed, 1), []string{"closes n c1 4"}},
			{0, "m", rec(5, record.Ended, record.Closed, 2), []string{"closes m c1 5"}},
		}},
		"the close overtakes": {record.Transient, []step{
			{0, "n", rec(2, record.Revoked, record.Closed, 1), []string{"drops n c1 2 never-opened"}},
			{0, "n", rec(1, record.Offered, record.Ringing, 1), []string{"drops n c1 1 late"}},
		}},
		"nobody closes it": {record.Transient, []step{
			{0, "n", rec(1, record.Offered, record.Ringing, 1), []string{"opens n c1 1"}},
			{59 * time.Second, "n", rec(2, record.Updated, record.Ringing, 1), []string{"changes n c1 2"}},
			{59 * time.Second, "n", rec(2, record.Updated, record.Ringing, 1), []string{"drops n c1 2 repeated"}},
			{time.Second, "n", rec(3, record.Answered, record.Talking, 1), []string{"closes n c1 2 expired", "drops n c1 3 was-closed"}},
		}},
		"no life in it": {record.Transient, []step{
			{0, "n", short, []string{"drops n c1 12 expired"}},
			{0, "n", rec(11, record.Offered, record.Ringing, 3), []string{"drops n c1 11 late"}},
			{0, "m", rec(11, record.Offered, record.Ringing, 3), []string{"opens m c1 11"}},
			{0, "m", short, []string{"changes m c1 12", "closes m c1 12 expired"}},
		}},
		"another call takes the current item": {record.Current, []step{
			{0, "n", rec(1, record.Offered, record.Ringing, 1), []string{"opens n c1 1"}},
			{0, "n", other, []string{"closes n c1 1 superseded", "opens n c2 8"}},
			{0, "n", rec(2, record.Revoked, record.Closed, 1), []string{"drops n c1 2 was-closed"}},
		}},
		"another call on a transient node": {record.Transient, []step{
			{0, "n", rec(1, record.Offered, record.Ringing, 1), []string{"opens n c1 1"}},
			{0, "n", other, []string{"opens n c2 8"}},
		}},
		"not a record": {record.Transient, []step{{0, "n", record.Call{ID: "c1"}, []string{"drops n c1 0 invalid"}}}},
	} {
		s := record.NewScreen(x.mode)
		now := time.Unix(1e9, 0) // far from the records' clock
		for i, step := range x.steps {
			now = now.Add(step.after)
			if diff := cmp.Diff(step.want, told(s.Apply(now, step.node, step.call))); diff != "" {
				t.Errorf("%s, step %d:\n%s", name, i+1, diff)
			}
		}
	}
}

func TestScreenRetracts(t *testing.T) {
	t.Parallel()
	now := time.Unix(1e9, 0)
	for mode, item := range map[record.Mode]string{record.Transient: "c1", record.Current: record.CurrentItem} {
		s := record.NewScreen(mode)
		open := s.Apply(now, "n", rec(1, record.Offered, record.Ringing, 1))[0].Call
		if got := mode.ItemID(open); got != item {
			t.Errorf("%s: item id %q, want %q", mode, got, item)
		}
		if got := append(s.Retract(now, "m", item), s.Retract(now, "n", "c9")...); len(got) > 0 {
			t.Errorf("%s: another item closed %v", mode, told(got))
		}
		if len(s.Open()) != 1 || !s.Next().Equal(now.Add(time.Minute)) {
			t.Errorf("%s: open %v, next %v", mode, s.Open(), s.Next())
		}
		if diff := cmp.Diff([]string{"closes n c1 1 retracted"}, told(s.Retract(now, "n", item))); diff != "" {
			t.Error(diff)
		}
		if len(s.Open()) != 0 || !s.Next().IsZero() {
			t.Errorf("%s: open %v, next %v", mode, s.Open(), s.Next())
		}
	}
}

// Whoever may not see a node any more shows nothing of it, and all of it again when he may.
func TestScreenLosesANode(t *testing.T) {
	t.Parallel()
	now := time.Unix(1e9, 0)
	for _, mode := range []record.Mode{record.Transient, record.Current} {
		s := record.NewScreen(mode)
		open := rec(3, record.Answered, record.Talking, 1)
		s.Apply(now, "n", open)
		s.Apply(now, "m", rec(4, record.Offered, record.Ringing, 2))
		if diff := cmp.Diff([]string{"closes n c1 3 no-access"}, told(s.Lose(now, "n"))); diff != "" {
			t.Errorf("%s: %s", mode, diff)
		}
		if got := s.Open(); len(got) != 1 || got[0].Seq != 4 {
			t.Errorf("%s: open %v", mode, got)
		}
		if diff := cmp.Diff([]string{"opens n c1 3"}, told(s.Apply(now, "n", open))); diff != "" {
			t.Errorf("%s: %s", mode, diff)
		}
		s.Apply(now, "n", rec(5, record.Ended, record.Closed, 1))
		if got := s.Lose(now, "n"); len(got) > 0 {
			t.Errorf("%s: what is closed was closed again: %v", mode, told(got))
		}
		if diff := cmp.Diff([]string{"drops n c1 3 late"}, told(s.Apply(now, "n", open))); diff != "" {
			t.Errorf("%s: what has ended opened again: %s", mode, diff)
		}
	}
}

func TestScreenForgets(t *testing.T) {
	t.Parallel()
	s := record.NewScreen(record.Transient)
	now := time.Unix(1e9, 0)
	for i := range 20000 {
		c := rec(1, record.Ended, record.Closed, 1)
		c.ID = fmt.Sprint("c", i)
		s.Apply(now.Add(time.Duration(i)), "n", c)
	}
	if n := record.Remembered(s); n > 4097 {
		t.Errorf("%d calls are remembered", n)
	}
	s.Expire(now.Add(time.Hour))
	if n := record.Remembered(s); n != 0 {
		t.Errorf("%d calls are remembered after an hour", n)
	}
}

// Whatever order the records of some calls come in, how often, and with what lost: every attempt on a node opens and
// closes at most once and in this order, what is shown is the newest that came, and in the end nothing is open.
func TestScreenOpensOnceAndClosesOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		stream := life(t)
		s := record.NewScreen(rapid.SampledFrom([]record.Mode{record.Transient, record.Current}).Draw(t, "mode"))
		now := time.Unix(1e9, 0)
		open, newest := map[string]bool{}, map[string]int64{}
		opened, closed := map[string]int{}, map[string]int{}
		note := func(changes []record.Change) {
			for _, c := range changes {
				key := c.Node + c.Call.ID
				attempt := fmt.Sprint(key, c.Before.Attempt)
				switch c.Verb {
				case record.Opens:
					if open[key] || c.Before.ID != "" {
						t.Fatalf("opened twice: %v", told(changes))
					}
					open[key] = true
					opened[fmt.Sprint(key, c.Call.Attempt)]++
				case record.Changes:
					if !open[key] || c.Call.Seq <= c.Before.Seq {
						t.Fatalf("changed what is not open, or backwards: %v", told(changes))
					}
				case record.Closes:
					if !open[key] {
						t.Fatalf("closed what is not open: %v", told(changes))
					}
					open[key] = false
					closed[attempt]++
				}
			}
		}
		for _, r := range stream {
			now = now.Add(time.Duration(rapid.IntRange(0, 20).Draw(t, "pause")) * time.Second)
			changes := s.Apply(now, r.Extension, r)
			note(changes)
			last := changes[len(changes)-1]
			fresh := r.Seq > newest[r.Extension+r.ID]
			newest[r.Extension+r.ID] = max(newest[r.Extension+r.ID], r.Seq)
			if !fresh && last.Verb != record.Drops {
				t.Fatalf("seq %d was not dropped as old: %v", r.Seq, told(changes))
			}
			if fresh && r.State == record.Closed && open[r.Extension+r.ID] {
				t.Fatalf("closed and still open: %v", told(changes))
			}
		}
		note(s.Expire(now.Add(record.MaxLife)))
		if len(s.Open()) != 0 {
			t.Fatalf("still open: %v", s.Open())
		}
		for key, n := range opened {
			if n > 1 {
				t.Fatalf("%s opened %d times", key, n)
			}
		}
		for key, n := range closed {
			if n > 1 {
				t.Fatalf("%s closed %d times", key, n)
			}
		}
	})
}

// life draws the records of a few calls that hunt over two extensions, then loses, doubles and shuffles some.
func life(t *rapid.T) []record.Call {
	var out []record.Call
	for i := range rapid.IntRange(1, 3).Draw(t, "calls") {
		seq := int64(0)
		add := func(ext string, e record.Event, st record.State, attempt int) {
			seq += rapid.Int64Range(1, 3).Draw(t, "gap")
			c := rec(seq, e, st, attempt)
			c.ID, c.Extension = fmt.Sprint("c", i), ext
			c.Expires = c.At.Add(time.Duration(rapid.IntRange(0, 90).Draw(t, "life")) * time.Second)
			out = append(out, c)
		}
		attempts := rapid.IntRange(1, 4).Draw(t, "attempts")
		for n := 1; n <= attempts; n++ {
			ext := rapid.SampledFrom([]string{"1000", "2000"}).Draw(t, "extension")
			add(ext, record.Offered, record.Ringing, n)
			if n < attempts {
				add(ext, record.Revoked, record.Closed, n)
				continue
			}
			add(ext, record.Answered, record.Talking, n)
			add(ext, "strange", record.OnHold, n)
			add(ext, record.Ended, record.Closed, n)
		}
	}
	for range rapid.IntRange(0, 6).Draw(t, "faults") {
		i, j := rapid.IntRange(0, len(out)-1).Draw(t, "i"), rapid.IntRange(0, len(out)-1).Draw(t, "j")
		switch rapid.IntRange(0, 2).Draw(t, "fault") {
		case 0:
			out[i], out[j] = out[j], out[i]
		case 1:
			out = slices.Insert(out, i, out[j])
		case 2:
			if len(out) > 1 {
				out = slices.Delete(out, i, i+1)
			}
		}
	}
	return out
}

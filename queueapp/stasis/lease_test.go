package stasis

import (
	"testing"
	"testing/synctest"
	"time"

	"ringside/queueapp/engine"
)

// sum is how many requests and websockets the fake has seen.
func (f *fake) sum() (n int) {
	for _, times := range f.Asked() {
		n += times
	}
	return n
}

// Who may have lost the floor while it was frozen touches nothing, whatever was under way or becomes due.
func TestNothingIsSentWithoutTheLease(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		lease := engine.NewLease(time.Now)
		s := f.connect(func(c *Config) { c.Lease = lease })
		pass(time.Minute)
		synctest.Wait()
		if n := f.sum(); n != 0 {
			t.Fatalf("%d requests before the floor was owned", n)
		}
		lease.Renew(time.Now(), true)
		await[engine.SwitchUp](t, s.ear, nil)
		synctest.Wait()
		before := f.sum()
		pass(3 * time.Second)
		f.Cut() // a new websocket would take the application away
		s.Originate(engine.Leg{Channel: "rs1.c1.1.1", Dial: "PJSIP/1000"})
		s.HangUp("ch1", "normal")
		s.Continue("ch2", nil)
		s.Follow([]string{"PJSIP/1000"})
		pass(time.Minute)
		synctest.Wait()
		if n := f.sum() - before; n != 0 {
			t.Fatalf("%d requests without a beat", n)
		}
		lease.Renew(time.Now(), true)
		await[engine.SwitchUp](t, s.ear, nil)
		synctest.Wait()
		if n := f.Count("DELETE /channels/ch1"); n != 1 {
			t.Errorf("the hang-up was sent %d times after the beat", n)
		}
		if g := await[engine.LegGone](t, s.ear, nil); !g.Absent || f.Count("POST /channels/rs1.c1.1.1") != 0 {
			t.Errorf("an originate that waited for a minute: %+v", g)
		}
	})
}

// While the database is away nothing is begun, and what is under way goes on.
func TestNoLegIsBegunWithoutAConfirmation(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		lease := engine.NewLease(time.Now)
		lease.Renew(time.Now(), true)
		s := f.up(func(c *Config) { c.Lease = lease })
		pass(3 * time.Second)
		lease.Renew(time.Now(), false)
		s.Originate(engine.Leg{Channel: "rs1.c1.1.1", Dial: "PJSIP/1000"})
		s.HangUp("ch1", "normal")
		synctest.Wait()
		if f.Count("POST /channels/rs1.c1.1.1") != 0 || f.Count("DELETE /channels/ch1") != 1 {
			t.Errorf("the fake was asked: %v", f.Asked())
		}
		lease.Renew(time.Now(), true)
		synctest.Wait()
		if f.Count("POST /channels/rs1.c1.1.1") != 1 {
			t.Error("no leg was asked for after the confirmation")
		}
	})
}

// Who has lost the application to another process is not to command anything before it is certain that the floor is its own.
func TestWhoIsReplacedWaitsForAConfirmation(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		lease := engine.NewLease(time.Now)
		lease.Renew(time.Now(), true)
		s := f.up(func(c *Config) { c.Lease = lease })
		f.Send(ev("ApplicationReplaced"))
		await[engine.SwitchDown](t, s.ear, nil)
		before := f.sum()
		s.HangUp("ch1", "normal")
		for range 60 { // the database is away
			pass(time.Second)
			lease.Renew(time.Now(), false)
		}
		synctest.Wait()
		if n := f.sum() - before; n != 0 {
			t.Errorf("%d requests", n)
		}
		lease.Renew(time.Now(), true)
		await[engine.SwitchUp](t, s.ear, nil)
		synctest.Wait()
		if f.Count("DELETE /channels/ch1") != 1 {
			t.Error("the hang-up was not sent after the confirmation")
		}
	})
}

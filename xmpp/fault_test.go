package xmpp_test

import (
	"errors"
	"strings"
	"syscall"
	"testing"
	"time"

	"ringside/queueapp/record"
	"ringside/softwaresim/stack"
	"ringside/xmpp"
)

// The real server is frozen, goes on, is killed and comes back: every record ends within its context, the session comes
// back by itself, and who was subscribed still is.
func TestTheServerIsFrozenAndKilled(t *testing.T) {
	t.Parallel()
	s := ownProsody(t)
	cfg := config(s, "queueapp", "queueapp")
	cfg.PingEvery, cfg.PingTimeout = 500*time.Millisecond, 500*time.Millisecond
	pub := up(t, cfg)
	crmConfig := config(s, "user1", "crm")
	crmConfig.PingEvery, crmConfig.PingTimeout = cfg.PingEvery, cfg.PingTimeout
	crm := up(t, crmConfig)
	if err := pub.KeepNode(xmpp.Node{Name: "n", Members: []string{"user1@localhost"}}); err != nil {
		t.Fatal(err)
	}
	await(pub, func(r xmpp.NodeReport) bool { return r.Checked == 1 })
	crm.Subscribe("n", xmpp.SubscribeOptions{})
	await(crm, func(s xmpp.Subscription) bool { return s.Active })
	received(t, pub, crm, "n", call("c1", 1, record.Offered, record.Ringing))

	if err := s.Signal(stack.Prosody, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	r, err := pub.Publish(within(t, 300*time.Millisecond), "n", call("c1", 2, record.Answered, record.Talking))
	if took := time.Since(began); r != xmpp.Unknown || !errors.Is(err, xmpp.ErrUnknown) || took > time.Second {
		t.Errorf("%s after %s: %v", r, took, err)
	}
	if st := await(pub, func(s xmpp.Status) bool { return !s.Up }); st.Reason != xmpp.Silent {
		t.Errorf("%+v", st)
	}
	await(crm, func(s xmpp.Status) bool { return !s.Up })
	if r, err := pub.Publish(t.Context(), "n", call("c1", 2, record.Answered, record.Talking)); r != xmpp.NotSent || !errors.Is(err, xmpp.ErrDown) {
		t.Errorf("%s, %v", r, err)
	}
	if err := s.Signal(stack.Prosody, syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	await(pub, func(s xmpp.Status) bool { return s.Up })
	await(crm, func(s xmpp.Subscription) bool { return s.Active })
	received(t, pub, crm, "n", call("c1", 3, record.Updated, record.Talking))

	if err := s.Kill(t.Context(), stack.Prosody); err != nil {
		t.Fatal(err)
	}
	await(pub, func(s xmpp.Status) bool { return !s.Up })
	await(crm, func(s xmpp.Status) bool { return !s.Up })
	if err := s.Restart(t.Context(), stack.Prosody); err != nil {
		t.Fatal(err)
	}
	back := time.Now()
	await(pub, func(s xmpp.Status) bool { return s.Up })
	await(crm, func(s xmpp.Subscription) bool { return s.Active })
	t.Logf("back %s after the server", time.Since(back).Round(time.Millisecond))
	received(t, pub, crm, "n", call("c1", 4, record.Ended, record.Closed))

	if err := s.Restart(t.Context(), stack.Prosody); err != nil { // in order
		t.Fatal(err)
	}
	if st := await(pub, func(s xmpp.Status) bool { return !s.Up }); st.Reason != xmpp.ServerClosed && st.Reason != xmpp.Unreachable {
		t.Errorf("%+v", st)
	}
	await(pub, func(s xmpp.Status) bool { return s.Up })
}

func TestWrongPasswordAndWrongAuthorityAtTheRealServer(t *testing.T) {
	t.Parallel()
	s := prosody(t)
	wrong := config(s, "queueapp", t.Name())
	wrong.Password = "not the password"
	p := start(t, wrong)
	if st := await(p, any_[xmpp.Status]); st.Reason != xmpp.WrongPassword || st.RetryIn < 20*time.Second || strings.Contains(st.Err.Error(), wrong.Password) {
		t.Errorf("%+v", st)
	}
	nobody := config(s, "nobody", t.Name())
	nobody.Password = "x"
	if st := await(start(t, nobody), any_[xmpp.Status]); st.Reason != xmpp.WrongPassword {
		t.Errorf("%+v", st)
	}
	untrusting := config(s, "queueapp", t.Name())
	untrusting.CAFile = newFake(t).start().ca
	if st := await(start(t, untrusting), any_[xmpp.Status]); st.Reason != xmpp.Untrusted || !strings.Contains(st.Err.Error(), "ca_file") {
		t.Errorf("%+v", st)
	}
	elsewhere := config(s, "queueapp", t.Name())
	elsewhere.JID = "queueapp@pubsub.localhost"
	if st := await(start(t, elsewhere), any_[xmpp.Status]); st.Up || st.Err == nil {
		t.Errorf("%+v", st)
	}
}

// Two instances with one resource: the older gives way and stays away.
func TestTheSameResourceTwice(t *testing.T) {
	t.Parallel()
	s := prosody(t)
	older := up(t, config(s, "queueapp", t.Name()))
	newer := up(t, config(s, "queueapp", t.Name()))
	if st := await(older, func(s xmpp.Status) bool { return !s.Up }); st.Reason != xmpp.Conflict || st.RetryIn < 40*time.Second {
		t.Errorf("%+v", st)
	}
	if !newer.Up() {
		t.Error(newer.told())
	}
}

// SCRAM with channel binding, where both sides have it, and the oldest mechanism that is allowed.
func TestMechanisms(t *testing.T) {
	t.Parallel()
	s := prosody(t)
	for _, m := range []string{"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "PLAIN"} {
		cfg := config(s, "queueapp", t.Name()+m)
		cfg.Mechanisms = []string{m}
		up(t, cfg)
	}
}

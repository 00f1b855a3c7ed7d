// Package aritest is a fake Asterisk: ARI over HTTP and a websocket, with callers and phones around it, for what the real one
// does not do when it is asked to, or only once a month.
//
// It has channels, bridges, playbacks, applications and device states, and answers requests and tells events as Asterisk 22
// does: a test plays the same scenes on both and compares what came back. It knows what package stasis uses and no more:
// neither audio nor SIP, no recordings, no transfers, and of the dialplan only that a channel is in it.
//
//	pbx, err := aritest.Start(aritest.Options{Addr: "127.0.0.1:0"})
//	pbx.Phone("PJSIP/1000").Behave(aritest.Behaviour{Ring: time.Second})
//	caller := pbx.Call(aritest.Call{Args: []string{"queue", "support"}})
//
// # Faults
//
// [Asterisk.On] has a request go wrong: refused, lost, acted on late, answered late or never. [Asterisk.Trouble] has an event
// lost, late or told twice. [Asterisk.Cut], [Asterisk.Mute] and [Asterisk.Slow] are about the network, [Asterisk.Stop] and
// [Asterisk.Restart] about its death. [Chaos] draws faults at random.
//
// What is drawn depends on the seed and on what it is drawn for: on a request's method, path and how often it came, on a
// channel's id. So whoever asks the same of it meets the same faults again, in whatever order the network delivers.
//
// In a synctest bubble, over [Asterisk.Dial], it costs no time to let hours go by.
package aritest

// Package stasis speaks ARI, Asterisk's REST interface: it is the [engine.Switch] of one Asterisk.
//
// [Switch.Run] keeps one websocket open and hands every event on in Asterisk's order; commands go by HTTP, in one lane for
// each channel. Frames are read into memory as fast as they come, so that Asterisk never waits for us. After each connect the
// events are held back until what Asterisk holds has been listed: [engine.SwitchUp] comes first, then what happened since.
// A held event may be older than the listing. That is harmless: what it would start is known already and is not told twice,
// what it would end and the listing no longer shows is not told at all, and what it ends truly ends.
//
// Channels, bridges and playbacks that begin with "rs1." are ours and are named before the request (DESIGN §4.3), so an event
// that overtakes the reply is understood. Every leg that was asked for, listed or hung up ends in exactly one
// [engine.LegGone], every caller in one [engine.Gone], every playback in one [engine.PlayDone], whatever is lost on the way.
//
// # Causes
//
// What LegGone.Q850 says, measured on Asterisk 22.10 with PJSIP (the phone's answer → the cause):
//
//	no answer within Leg.Ring, or none at all   19 no answer
//	480                                         19 no answer
//	408                                         18 no user responding
//	486, 600                                    17 user busy
//	603, 403                                    21 call rejected
//	302 (Asterisk would follow it: we do not)   23 redirected
//	404                                          1 unallocated number
//	488                                         58 bearer capability
//	500                                         38 network out of order
//	503                                         34 congestion
//	hung up by either side, or time-out         16 normal clearing
//	ended by us with a reason                   that reason's, answered_elsewhere 26
//
// and with Absent, where no channel came to be:
//
//	the phone is not registered, or unknown to PJSIP   20 subscriber absent (ARI says 500)
//	the dial string or the originator is wrong          3 no route (ARI says 4xx)
//	Asterisk did not answer, or too late               38 network out of order
//
// github.com/CyCoreSystems/ari/v5 gives the events, [ari.DecodeEvent] and the bodies of requests. Its client is not used: it
// takes neither a context nor a transport, throws Asterisk's message away, does not escape ids, and hides 404.
//
// The package decides nothing: who gets which call is package queueapp's, what follows from an event package engine's.
package stasis

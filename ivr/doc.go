// Package ivr decides what a caller hears before the queue and in it, and what the keys do: the customer's menu with its code,
// the announcements of a queue, and the agents' codes. A dialogue is a state machine over keys and prompts: [Dialogue.Handle] takes the time and one [Input] and
// returns the [Action] values that follow; [Dialogue.Next] says when it next wants a [Tick].
//
// The package is pure. It plays nothing, looks nothing up, reads no clock and starts no goroutine; whoever runs a dialogue
// carries its actions out and tells what came of them.
package ivr

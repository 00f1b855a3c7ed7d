package importer

// notYet is said of what the floor plan has no word for.
func notYet(what string) said {
	return said{fate: NotYet, why: "the floor plan has no word yet for " + what, instead: "let the dialplan play what it can before Stasis()"}
}

// announcements are the options of queues.conf by which callers and agents hear something, with what each is about. An
// option leaves this table as soon as the floor plan has a key for it, and becomes a handler.
func announcements() map[string]string {
	const (
		agent    = "what an agent hears who answers"
		position = "announcing place and wait"
		periodic = "repeated announcements"
		sounds   = "the sounds of announcements"
	)
	return map[string]string{
		"announce": agent, "reportholdtime": agent, "memberdelay": agent, "queue-reporthold": agent,
		"queue-callerannounce": "what a caller hears before the agent",
		"announce-frequency":   position, "min-announce-frequency": position, "announce-holdtime": position,
		"announce-position": position, "announce-position-limit": position, "announce-position-only-up": position,
		"announce-to-first-user": position, "announce-round-seconds": position,
		"periodic-announce": periodic, "periodic-announce-frequency": periodic, "periodic-announce-startdelay": periodic,
		"random-periodic-announce": periodic, "relative-periodic-announce": periodic,
		"queue-youarenext": sounds, "queue-thereare": sounds, "queue-callswaiting": sounds, "queue-quantity1": sounds,
		"queue-quantity2": sounds, "queue-holdtime": sounds, "queue-minute": sounds, "queue-minutes": sounds,
		"queue-seconds": sounds, "queue-thankyou": sounds, "queue-lessthan": sounds,
	}
}

// centreAnnouncements are those of mod_callcenter's queues.
func centreAnnouncements() map[string]string {
	return map[string]string{"announce-sound": "repeated announcements", "announce-frequency": "repeated announcements"}
}

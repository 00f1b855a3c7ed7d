package importer

// announcement is what an option has callers or agents hear, and the key of the floor plan that does so; empty: none does yet.
type announcement struct{ what, key string }

// notYet is said of what is not carried over: sounds have other names here, and what is said has other defaults.
func (a announcement) notYet() said {
	if a.key == "" {
		return said{fate: NotYet, why: "the floor plan has no word yet for " + a.what, instead: "let the dialplan play what it can before Stasis()"}
	}
	return said{fate: NotYet, why: a.what + " is not carried over", instead: "write " + a.key + " below the queue: queueapp/README.md says what it means"}
}

// announcements are the options of queues.conf by which callers and agents hear something.
func announcements() map[string]announcement {
	const (
		agent    = "what an agent hears who answers"
		position = "announcing place and wait"
		periodic = "a repeated announcement"
		sounds   = "a sound of announcements"
	)
	return map[string]announcement{
		"announce": {agent, ""}, "reportholdtime": {agent, ""}, "memberdelay": {agent, ""}, "queue-reporthold": {agent, ""},
		"queue-callerannounce": {"what a caller hears before the agent", "connect_announce"},
		"announce-frequency":   {position, "announce_frequency"}, "min-announce-frequency": {position, "min_announce_frequency"},
		"announce-holdtime": {position, "announce_holdtime"}, "announce-position": {position, "announce_position"},
		"announce-position-limit": {position, "announce_position_limit"}, "announce-position-only-up": {position, "announce_position_only_up"},
		"announce-to-first-user": {position, "announce_to_first"}, "announce-round-seconds": {position, "announce_round_seconds"},
		"periodic-announce": {periodic, "periodic_announce"}, "periodic-announce-frequency": {periodic, "periodic_announce_frequency"},
		"periodic-announce-startdelay": {periodic, "periodic_announce_startdelay"},
		"random-periodic-announce":     {periodic, "random_periodic_announce"}, "relative-periodic-announce": {periodic, "periodic_announce_frequency"},
		"queue-youarenext": {sounds, "you_are_next"}, "queue-thereare": {sounds, "there_are"}, "queue-callswaiting": {sounds, "calls_waiting"},
		"queue-quantity1": {sounds, "quantity1"}, "queue-quantity2": {sounds, "quantity2"}, "queue-holdtime": {sounds, "holdtime"},
		"queue-minute": {sounds, "minute"}, "queue-minutes": {sounds, "minutes"}, "queue-seconds": {sounds, "seconds"},
		"queue-thankyou": {sounds, "thank_you"}, "queue-lessthan": {sounds, "holdtime"},
	}
}

// centreAnnouncements are those of mod_callcenter's queues.
func centreAnnouncements() map[string]announcement {
	return map[string]announcement{
		"announce-sound":     {"a repeated announcement", "periodic_announce"},
		"announce-frequency": {"a repeated announcement", "periodic_announce_frequency"},
	}
}

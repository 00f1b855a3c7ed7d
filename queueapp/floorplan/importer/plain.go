package importer

import "strings"

// An answer says of an option's value what becomes of it. Nothing of it goes into the floor plan.
type answer func(value string) said

func always(s said) answer { return func(string) said { return s } }

// either answers yes and no.
func either(yes, no said) answer {
	return func(value string) said {
		if truth(value) {
			return yes
		}
		return no
	}
}

// off says that an option which is off asks for nothing.
func off(on said) answer {
	return func(value string) said {
		if value == "" || value == "0" || strings.EqualFold(value, "no") || strings.EqualFold(value, "false") {
			return needless("it is off, and there is none here")
		}
		return on
	}
}

// generalOptions are the options of [general] in queues.conf.
func generalOptions() map[string]answer {
	logged := needless("the journal and the events hold callers as they are shown; `queueapp journal` tells each call")
	return map[string]answer{
		"persistentmembers": either(needless("sessions and pauses outlive every restart"), none("sessions and pauses outlive every restart", "")),
		"autofill":          autofill(),
		"monitor-type":      monitorType(),
		"shared_lastcall": either(needless("last calls and wrap-up count over all queues"),
			none("last calls and wrap-up count over all queues", "")),
		"negative_penalty_invalid": either(needless("members with a negative penalty were left out"), needless("negative penalties became level 0")),
		"log_membername_as_agent":  always(needless("agents are told by number and name everywhere")),
		"log-caller-id-name":       always(logged),
		"enable_cidname_logging":   always(logged),
		"log-restricted-caller-id": restricted(),
		"force_longest_waiting_caller": func(value string) said {
			order := "the order is priority, then weight, then who came first, over all queues"
			if strings.EqualFold(value, "prio") || truth(value) {
				return needless(order)
			}
			return none(order, "")
		},
		"log_unpause_on_reason_change": always(needless("every change of a pause is an event of its own")),
	}
}

// plainOptions are the options of a queue in queues.conf of which nothing goes into the floor plan.
func plainOptions() map[string]answer {
	pause := none("only calls that were not answered count towards a pause", "busy_delay and unreachable_delay say for how long such an agent is left alone")
	vars := func(names string) answer {
		return off(none("nothing is set at the bridge: what the agent is to know of the call is in its record",
			"in the dialplan, QUEUEAPP_CALL, QUEUEAPP_AGENT and QUEUEAPP_OUTCOME are set when the caller is given back; "+names+" are not"))
	}
	sub := off(none("the dialplan is not run on an agent's leg", "let what it did follow the events (/v1/events) or the record"))
	return map[string]answer{
		"autofill": autofill(), "monitor-type": monitorType(), "log-restricted-caller-id": restricted(),
		"servicelevel": off(none("no share of calls within a time is counted", "the database keeps each visit with its times")),
		"context": off(none("a queue has no keys of its own",
			"let a [menu.NAME] before the queue offer the ways out")),
		"penaltymemberslimit": off(none("levels hold however few the members are", "write stages that open the queue to all after a time")),
		"timeoutpriority":     timeoutPriority,
		"autopausedelay":      off(none("an agent who did not answer counts at once", "a higher maxnoanswer forgives a miss")),
		"autopausebusy":       off(pause), "autopauseunavail": off(pause),
		"setinterfacevar":   vars("MEMBERINTERFACE and the like"),
		"setqueueentryvar":  vars("QEHOLDTIME and QEORIGINALPOS"),
		"setqueuevar":       vars("QUEUENAME and the like"),
		"membergosub":       sub,
		"membermacro":       sub,
		"monitor-join":      always(needless("Asterisk does not read it any more")),
		"ringinuse":         either(none("a phone in use is not rung", "give the agent's phone one call at a time, or make its second line an extension with an agent of its own"), needless("a phone in use is not rung")),
		"timeoutrestart":    either(needless("the next agent is rung for the whole of ring"), none("the next agent is rung for the whole of ring, whatever the one before cost", "")),
		"eventwhencalled":   always(needless("every step is an event")),
		"eventmemberstatus": always(needless("every step is an event")),
		"updatecdr":         always(needless("Asterisk does not read it any more")),
	}
}

func autofill() answer {
	several := "several callers are served at once"
	return either(needless(several), none(several, ""))
}

func monitorType() answer {
	return always(needless("it only says how what monitor-format asks for is done"))
}

func restricted() answer {
	return either(none("who withholds the number is shown without it", ""), needless("who withholds the number is shown without it"))
}

func timeoutPriority(value string) said {
	if strings.EqualFold(value, "conf") {
		return none("a caller's deadline ends the ring", "give callers more time by timeout")
	}
	return needless("a caller's deadline ends the ring")
}

package transcript

import "ringside/queueapp"

func (w *writer) transfer(e queueapp.Event) {
	switch e := e.(type) {
	case queueapp.Transferred:
		w.verb("transferred")
		w.attempt(e.Attempt)
		w.whither(whither{e.Extension, e.Number, e.Context, e.Channel, e.Attended})
	case queueapp.Reached:
		w.verb("reached")
		w.attempt(e.Attempt)
		w.word(string(e.Extension))
	case queueapp.Replaced:
		w.verb("replaced")
		w.word(string(e.Call))
		w.word(string(e.Channel))
	}
}

// whither is where a call was transferred to.
type whither struct {
	extension       queueapp.ExtensionID
	number, context string
	channel         queueapp.ChannelID
	attended        bool
}

func (w *writer) whither(to whither) {
	w.optWord("at", string(to.extension))
	w.optWord("dialled", to.number)
	w.optWord("context", to.context)
	w.optWord("channel", string(to.channel))
	if to.attended {
		w.key("attended")
	}
}

func (w *writer) handOver(e queueapp.Effect) {
	switch e := e.(type) {
	case queueapp.HandOver:
		w.verb("hand-over")
		w.attempt(e.Attempt)
		w.optInt("from", int64(e.From))
		w.optWord("to", string(e.Agent))
		w.whither(whither{e.Extension, e.Number, e.Context, e.Channel, e.Attended})
		w.optWord("queue", string(e.Queue))
		w.optTime("expires", e.Expires)
	case queueapp.Located:
		w.verb("located")
		w.attempt(e.Attempt)
		w.optWord("to", string(e.Agent))
		w.optWord("at", string(e.Extension))
		w.optTime("expires", e.Expires)
	}
}

func (r *reader) transfer(verb string) queueapp.Event {
	switch verb {
	case "reached":
		return queueapp.Reached{Attempt: r.attempt(), Extension: r.extension()}
	case "replaced":
		return queueapp.Replaced{Call: r.call(), Channel: queueapp.ChannelID(r.word("a channel"))}
	}
	a, to := r.attempt(), r.whither()
	return queueapp.Transferred{
		Attempt: a, Extension: to.extension, Number: to.number, Context: to.context, Channel: to.channel, Attended: to.attended,
	}
}

func (r *reader) whither() whither {
	return whither{
		extension: queueapp.ExtensionID(r.optWord("at")), number: r.optWord("dialled"), context: r.optWord("context"),
		channel: queueapp.ChannelID(r.optWord("channel")), attended: r.skip("attended"),
	}
}

func (r *reader) handOver(verb string) queueapp.Effect {
	if verb == "located" {
		return queueapp.Located{
			Attempt: r.attempt(), Agent: queueapp.AgentID(r.optWord("to")), Extension: queueapp.ExtensionID(r.optWord("at")),
			Expires: r.optTime("expires"),
		}
	}
	e := queueapp.HandOver{Attempt: r.attempt(), From: r.optInt("from"), Agent: queueapp.AgentID(r.optWord("to"))}
	to := r.whither()
	e.Extension, e.Number, e.Context, e.Channel, e.Attended = to.extension, to.number, to.context, to.channel, to.attended
	e.Queue, e.Expires = queueapp.QueueName(r.optWord("queue")), r.optTime("expires")
	return e
}

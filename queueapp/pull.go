package queueapp

// pull takes a caller whom nobody has answered to a phone, whoever sits there, or nobody: what rings for him is taken back,
// and while that phone rings nobody else is asked. Should it come to nothing, he stands where he stood.
func (f *Floor) pull(ev Pull) {
	v := f.visits[ev.Call]
	if why := f.cannotPull(v, f.extensions[ev.Extension]); why != "" {
		f.emit(Refused{Call: ev.Call, Reason: why})
		return
	}
	f.takeBack(v, RevokeWithdrawn)
	f.unline(v)
	ag, x := f.seatAt(ev.Extension)
	f.ask(v, ag, x, true)
}

// cannotPull is why a caller cannot be pulled to a phone; empty: he can.
func (f *Floor) cannotPull(v *visit, x *extension) RefusalReason {
	switch {
	case v == nil || v.winner != nil || v.talks:
		return RefusedNotWaiting
	case x == nil || x.removed:
		return RefusedUnknownExtension
	case x.attempt != nil && x.attempt.visit == v:
		return RefusedAlready
	case x.attempt != nil || x.agent != nil && x.agent.attempt != nil:
		return RefusedOnCall
	case f.held != "" || f.down[v.Switch] || f.down[x.Switch]:
		return RefusedUnavailable
	}
	return ""
}

// vacated reports whether an attempt's agent is not at its phone any more or, where it has none, the phone is no more.
func (a *attempt) vacated() bool { return a.ext.removed || a.agent.ID != "" && a.agent.seat != a.ext }

// pulled reports whether a visit is in the hands of the phone that an operator has chosen: nobody else may ring.
func (v *visit) pulled() bool { return len(v.open) == 1 && v.open[0].pulled }

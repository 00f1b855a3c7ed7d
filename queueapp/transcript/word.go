package transcript

import "ringside/queueapp"

// The closed sets of words. They are arrays, not variables, so that nobody can change them.

func publishResults() [3]queueapp.PublishResult {
	return [...]queueapp.PublishResult{queueapp.PublishOK, queueapp.PublishRefused, queueapp.PublishLate}
}

func endCauses() [6]queueapp.EndCause {
	return [...]queueapp.EndCause{
		queueapp.EndHangup, queueapp.EndNoAnswer, queueapp.EndBusy, queueapp.EndRefused, queueapp.EndUnreachable,
		queueapp.EndLost,
	}
}

func deviceStates() [9]queueapp.DeviceState {
	return [...]queueapp.DeviceState{
		queueapp.DeviceUnknown, queueapp.DeviceNotInUse, queueapp.DeviceInUse, queueapp.DeviceBusy, queueapp.DeviceInvalid,
		queueapp.DeviceUnavailable, queueapp.DeviceRinging, queueapp.DeviceRingInUse, queueapp.DeviceOnHold,
	}
}

func attemptStates() [8]queueapp.AttemptState {
	return [...]queueapp.AttemptState{
		queueapp.AttemptCommitted, queueapp.AttemptRinging, queueapp.AttemptBriefing, queueapp.AttemptAsked, queueapp.AttemptUp,
		queueapp.AttemptConnected, queueapp.AttemptEnding, queueapp.AttemptHanded,
	}
}

func revokeReasons() [9]queueapp.RevokeReason {
	return [...]queueapp.RevokeReason{
		queueapp.RevokeNoAnswer, queueapp.RevokeBusy, queueapp.RevokeRefused, queueapp.RevokeUnreachable,
		queueapp.RevokeCallerGone, queueapp.RevokeElsewhere, queueapp.RevokeLoggedOff, queueapp.RevokeWithdrawn,
		queueapp.RevokeLost,
	}
}

func endedBys() [4]queueapp.EndedBy {
	return [...]queueapp.EndedBy{queueapp.ByCaller, queueapp.ByAgent, queueapp.BySystem, queueapp.ByTransfer}
}

func outcomes() [12]queueapp.Outcome {
	return [...]queueapp.Outcome{
		queueapp.OutcomeAnswered, queueapp.OutcomeAbandoned, queueapp.OutcomeTimeout, queueapp.OutcomeFull,
		queueapp.OutcomeNoAgents, queueapp.OutcomeLeftEmpty, queueapp.OutcomeKey, queueapp.OutcomeWithdrawn,
		queueapp.OutcomeUnavailable, queueapp.OutcomeUnknownQueue, queueapp.OutcomeClosed, queueapp.OutcomeMoved,
	}
}

func thens() [4]queueapp.Then {
	return [...]queueapp.Then{queueapp.ThenNothing, queueapp.ThenContinue, queueapp.ThenHangUp, queueapp.ThenQueue}
}

func refusalReasons() [9]queueapp.RefusalReason {
	return [...]queueapp.RefusalReason{
		queueapp.RefusedUnknownAgent, queueapp.RefusedUnknownExtension, queueapp.RefusedExtensionTaken,
		queueapp.RefusedOnCall, queueapp.RefusedNotLoggedOn, queueapp.RefusedAlready, queueapp.RefusedNotMember,
		queueapp.RefusedNotWaiting, queueapp.RefusedUnavailable,
	}
}

// How a customer was found, but for the code: that has a key of its own.
func matches() [2]queueapp.Match {
	return [...]queueapp.Match{queueapp.MatchNumber, queueapp.MatchUnknown}
}

func strategies() []queueapp.Strategy { return queueapp.Strategies() }

func absences() [5]queueapp.Absence {
	return [...]queueapp.Absence{
		queueapp.AbsentPaused, queueapp.AbsentInUse, queueapp.AbsentRinging, queueapp.AbsentUnavailable, queueapp.AbsentWrapUp,
	}
}

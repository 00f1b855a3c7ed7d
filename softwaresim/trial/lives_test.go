package trial

// life is a stretch of a call's life in which queueapp may die. before brings the caller to its begin; act leads through it,
// whether or not anybody listens; after leads to the end, once somebody listens again.
type life struct {
	name               string
	before, act, after func(*cell)
	ends               []end
}

// end is what must have become of a caller and of the offers of the call in the end, by the points at which queueapp died:
// a row of DESIGN §4.2's table. Where | stands, the point is passed beside what decides.
type end struct {
	row      string
	points   []string
	visits   string // their outcomes
	attempts string // how they ended
	rings    int    // how often the phone was rung
	stopped  string // how attempts may also have ended where queueapp was asked to end, and not killed
}

func lives() []life {
	return []life{
		{
			name: "arrives and is offered", before: nobodyAnswers, act: dials("7204"), after: served,
			ends: []end{
				{"new call from its arguments", []string{"heard arrived", "commit enter"}, "answered", "answered", 1, ""},
				{"new call, or attempt lost", []string{"looked up", "do prepare", "done prepare"}, "answered", "answered|lost answered", 1, ""},
				{"attempt committed, no leg: lost", []string{
					"committed enter", "publish offered", "published offered", "accepted offered", "do dial",
				}, "answered", "lost answered", 1, "answered"},
				{"leg ringing, or not yet: lost", []string{"commit offered", "committed offered"}, "answered", "answered|lost answered", 1, ""},
				{"leg ringing: goes on", []string{
					"done dial", "heard legringing", "do answer", "done answer", "do music",
					"done music", "do variables", "done variables", "do make-bridge", "done make-bridge", "commit ringing", "committed ringing",
				}, "answered", "answered", 1, ""},
			},
		},
		{
			name: "is answered", before: everybodyAnswers, act: dials("7204"), after: served,
			ends: []end{
				{"leg up: is connected", []string{"heard legup", "commit up", "committed up", "do bridge"}, "answered", "answered", 1, ""},
				{"in the bridge: talk goes on", []string{
					"done bridge", "heard entered", "commit connected", "committed connected", "publish answered", "published answered",
				}, "answered", "answered", 1, ""},
			},
		},
		{
			name: "hangs up on the agent", before: isTalking, act: callerHangsUp, after: isOver,
			ends: []end{{"bridge with one side: ended", []string{
				"heard gone", "commit hangup", "committed hangup", "do hangup", "done hangup", "publish ended", "published ended",
				"heard leggone", "commit ended", "committed ended", "do destroy", "done destroy",
			}, "answered", "answered", 1, ""}},
		},
		{
			name: "is hung up on by the agent", before: isTalking, act: agentHangsUp, after: isOver,
			ends: []end{{"bridge with one side: ended", []string{
				"heard leggone", "commit ended", "committed ended", "do hangup", "done hangup", "publish ended", "published ended",
				"heard gone", "do destroy", "done destroy",
			}, "answered", "answered", 1, ""}},
		},
		{
			name: "gives up while a phone rings", before: isRungFor, act: callerHangsUp, after: isOver,
			ends: []end{{"leg ringing, caller gone: hung up", []string{
				"heard gone", "commit hangup", "committed hangup", "do hangup", "done hangup", "publish revoked", "published revoked",
				"heard leggone", "commit ended", "committed ended",
			}, "abandoned", "caller-gone|lost", 1, ""}},
		},
		{
			name: "gives up waiting", before: isWaiting, act: callerHangsUp, after: isOver,
			ends: []end{{"waiting row, channel gone: abandoned", []string{"heard gone", "commit hangup", "committed hangup"}, "abandoned", "", 0, ""}},
		},
		{
			name: "is refused", before: everybodyRefuses, act: dials("7204"), after: served,
			ends: []end{{"leg gone, nobody knows why: lost", []string{"heard leggone", "commit ended"}, "answered", "lost answered", 2, "refused answered"}},
		},
		{
			name: "was refused", before: everybodyRefuses, act: dials("7204"), after: isLeftAlone,
			ends: []end{{"waiting row: same place, music", []string{"committed ended", "publish revoked", "published revoked"}, "abandoned", "refused", 1, ""}},
		},
		{
			name: "has waited long enough", before: nobodyAnswers, act: dials("7205"), after: comesBack,
			ends: []end{{"goes on in the dialplan, once", []string{"commit tick", "committed tick", "do continue", "done continue"}, "timeout", "", 0, ""}},
		},
		{
			name: "is in a menu", before: nobodyAnswers, act: dials("7206"), after: presses("13"),
			ends: []end{{"dialogue: the menu starts again", []string{
				"begun dialogue", "do answer", "done answer", "do play", "done play",
			}, "abandoned", "", 0, ""}},
		},
		{
			name: "opens another menu", before: isInTheMenu, act: alsoPresses("1"), after: presses("13"),
			ends: []end{{"dialogue: the menu starts again", []string{"heard digit", "do stop"}, "abandoned", "", 0, ""}},
		},
		{
			name: "is between two menus", before: isInTheMenu, act: alsoPresses("1"), after: presses("4"),
			ends: []end{{"dialogue: one of them starts again", []string{"done stop", "heard playdone"}, "abandoned", "", 0, ""}},
		},
		{
			name: "leaves another menu", before: isInTheOtherMenu, act: alsoPresses("3"), after: presses("3"),
			ends: []end{{"dialogue: the menu starts again", []string{"heard digit", "do music", "commit enter"}, "abandoned", "", 0, ""}},
		},
		{
			name: "has left the menu", before: isInTheOtherMenu, act: alsoPresses("3"), after: givesUp,
			ends: []end{{"waiting row: same place, music", []string{"committed enter"}, "abandoned", "", 0, ""}},
		},
		{
			name: "is an agent who logs on", before: isLoggedOff, act: dialsAsAgent("*56466*"), after: isLoggedOn,
			ends: []end{{"dialogue: starts again", []string{
				"heard arrived", "begun dialogue", "commit logon", "committed logon", "do play", "done play",
			}, "", "", 0, ""}},
		},
		{
			name: "is an agent who logs off", before: nobodyAnswers, act: dialsAsAgent("*564633*"), after: isLoggedOffAgain,
			ends: []end{{"dialogue: starts again", []string{"commit logoff", "committed logoff"}, "", "", 0, ""}},
		},
	}
}

// transfers are the lives of callers whom the agent sends on to 2000.
func transfers() []life {
	return []life{
		{
			name: "is sent on", before: isTalking, act: agentSendsOn, after: servedThere,
			ends: []end{
				{"in the bridge, unknown: found and followed", []string{"heard replaced", "commit transferred"}, "answered", "answered answered", 2, ""},
				{"handed over: goes on there", []string{
					"committed transferred", "publish offered", "published offered", "accepted offered", "publish transferred",
					"published transferred", "heard arrived", "do continue", "done continue",
				}, "answered", "answered answered", 2, ""},
			},
		},
		{
			name: "is answered there", before: isSentOn, act: colleagueAnswers, after: servedThere,
			ends: []end{{"leg up: talk goes on", []string{
				"heard legup", "commit connected", "committed connected", "publish answered", "published answered",
			}, "answered", "answered answered", 2, ""}},
		},
		{
			name: "is hung up on there", before: talksThere, act: colleagueHangsUp, after: isOver,
			ends: []end{{"bridge with one side: ended", []string{
				"heard gone", "commit ended", "committed ended", "do hangup", "done hangup", "publish ended", "published ended",
			}, "answered", "answered answered", 2, ""}},
		},
	}
}

// recovery is the life of a caller whom a phone rings for when queueapp is killed, and dies again as it takes him up.
func recovery() life {
	return life{
		name: "is taken up", before: isRungFor, act: kills, after: served,
		ends: []end{{"leg ringing: goes on", []string{
			"recovery owned", "recovery loaded", "commit apply", "committed apply", "heard switchup", "recovery restored",
			"recovery reconciled", "recovery cleared", "commit restorevisit", "committed restorevisit",
		}, "answered", "answered", 1, ""}},
	}
}

// beside are points that decide nothing of their own: they are in the same transaction as one that is tried, are passed by
// chance, or nothing follows from them.
func beside() []string {
	return []string{
		"commit hold", "commit switchdown", "commit restoreagent", "commit unhold", "commit switchup", "commit restoreattempt",
		"committed hold", "committed switchdown", "committed restoreagent", "committed unhold", "committed switchup", "committed restoreattempt",
		"commit identify", "committed identify", "publish updated", "published updated", "commit device", "committed device",
		"heard devicechanged", "heard left", "heard failed",
		"do record", "done record", "heard recorded", // whether a call is recorded, which none is
	}
}

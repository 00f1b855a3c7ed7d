package floorplan

import (
	"github.com/BurntSushi/toml"

	"ringside/ivr"
)

func exitFields(keys []ivr.Exit) []field {
	var f fields
	for _, e := range keys {
		v := value{word: exitContinue}
		switch e.Step.Verb {
		case ivr.VerbHangUp:
			v.word = string(ivr.VerbHangUp)
		case ivr.VerbGoto, ivr.VerbQueue:
			v = value{table: stepFields(e.Step, ivr.Step{})}
		case ivr.VerbAsk, ivr.VerbMenu:
		}
		f.add("keys."+toml.Key{string(e.Key)}.String(), v)
	}
	return f
}

// lineFields writes what is not the default.
func lineFields(l Line) []field {
	var f fields
	def := defaultLine(l.Queue)
	f.optText("hours", l.Hours)
	if l.FromCall {
		f.text("time_base", "call")
	}
	f.prompts("welcome", l.Welcome, nil)
	optRule(&f, "announce_position", l.Position, def.Position)
	if l.PositionLimit != def.PositionLimit {
		f.int("announce_position_limit", l.PositionLimit)
	}
	if l.OnlyUp {
		f.bool("announce_position_only_up", true)
	}
	optRule(&f, "announce_holdtime", l.Holdtime, def.Holdtime)
	f.optDuration("announce_frequency", l.Frequency)
	if l.MinFrequency != def.MinFrequency {
		f.duration("min_announce_frequency", l.MinFrequency)
	}
	f.optInt("announce_round_seconds", l.Round)
	if !l.ToFirst {
		f.bool("announce_to_first", false)
	}
	f.prompts("periodic_announce", l.Periodic, nil)
	if l.PeriodicFrequency != def.PeriodicFrequency {
		f.duration("periodic_announce_frequency", l.PeriodicFrequency)
	}
	if l.PeriodicStart != l.PeriodicFrequency {
		f.duration("periodic_announce_startdelay", l.PeriodicStart)
	}
	if l.PeriodicRandom {
		f.bool("random_periodic_announce", true)
	}
	f.prompts("connect_announce", l.Connect, nil)
	for _, w := range wordsOf(&l.Words, &def.Words) {
		f.prompts(w.key, *w.is, *w.def)
	}
	return append(f, exitFields(l.Keys)...)
}

func optRule[R ~string](f *fields, key string, is, def R) {
	switch is {
	case def:
	case "true", "false":
		f.bool(key, is == "true")
	default:
		f.text(key, string(is))
	}
}

package stack

import (
	"net"
	"slices"
	"strconv"
)

// The names by which queueapp.toml knows the stack's switches.
const (
	firstSwitch  = "main"
	secondSwitch = "b"
)

// An exchange is one Asterisk of the stack.
type exchange struct {
	server                string // Asterisk or AsteriskB
	name                  string // the switch's, in queueapp.toml
	sip                   string // host:port where phones and callers reach it
	sipPort, ariPort      int
	audioFirst, audioLast int
}

// exchanges are the one or two Asterisks, which share the stack's ports for audio.
func (s *Stack) exchanges() []*exchange {
	reach := s.opts.Bind
	if net.ParseIP(reach).IsUnspecified() {
		reach = "127.0.0.1"
	}
	at := func(server, name string, sip, ari int) *exchange {
		return &exchange{
			server: server, name: name, sip: net.JoinHostPort(reach, strconv.Itoa(sip)), sipPort: sip, ariPort: ari,
			audioFirst: s.ports.audioFirst, audioLast: s.ports.audioLast,
		}
	}
	first := at(Asterisk, firstSwitch, s.ports.sip, s.ports.ari)
	if s.opts.Switches < 2 {
		return []*exchange{first}
	}
	second := at(AsteriskB, secondSwitch, s.ports.sipB, s.ports.ariB)
	half := (s.ports.audioFirst + s.ports.audioLast + 1) / 2
	first.audioLast, second.audioFirst = half-1, half
	return []*exchange{first, second}
}

// arrange says of every phone where it registers: in turns, where there are two
// switches.
func (s *Stack) arrange(extensions []Extension) {
	for i := range extensions {
		if at := s.switches[i%len(s.switches)]; at != s.switches[0] {
			extensions[i].Switch, extensions[i].SIP = at.name, at.sip
		}
	}
}

// at finds where a phone registers.
func (s *Stack) at(e Extension) *exchange {
	i := slices.IndexFunc(s.switches, func(x *exchange) bool { return x.name == e.Switch })
	return s.switches[max(0, i)]
}

func (s *Stack) ari(x *exchange) ARI {
	return ARI{URL: "http://127.0.0.1:" + strconv.Itoa(x.ariPort) + "/ari", User: ariUser, Password: s.secrets.ari, App: appName}
}

// A desk is an extension as the configuration files have it.
type desk struct {
	Extension
	Name string // the agent's
	Dial string // how the switch at hand reaches the phone
	App  string // of the floor that the phone belongs to
}

// desks are the phones that somebody on x may dial.
func (s *Stack) desks(x *exchange) (all []desk) {
	for _, f := range s.info.everyFloor() {
		for _, e := range f.Extensions {
			d := desk{Extension: e, Name: agentName(e.Number), Dial: "PJSIP/" + e.Number, App: f.App}
			if at := s.at(e); at != x {
				d.Dial += "@switch-" + at.name
			}
			all = append(all, d)
		}
	}
	return all
}

// registered are those of the desks whose phones register at x.
func (s *Stack) registered(x *exchange) []desk {
	return slices.DeleteFunc(s.desks(x), func(d desk) bool { return s.at(d.Extension) != x })
}

// members are the phones at x that Asterisk's own queues ring: the added ones,
// or else the sample floor's.
func (s *Stack) members(x *exchange) (numbers []string) {
	for _, e := range s.info.Extensions {
		sample := agentName(e.Number) != "Agent "+e.Number
		if s.at(e) == x && sample == (s.opts.Agents == 0) {
			numbers = append(numbers, e.Number)
		}
	}
	return numbers
}

// A trunk leads to another switch.
type trunk struct{ Name, SIP string }

func (s *Stack) trunks(x *exchange) (all []trunk) {
	for _, other := range s.switches {
		if other != x {
			all = append(all, trunk{other.name, other.sip})
		}
	}
	return all
}

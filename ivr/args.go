package ivr

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"ringside/queueapp"
)

// Kind is what a call comes into the application for.
type Kind string

// The kinds of calls (DESIGN §5, Dialplan).
const (
	KindMenu  Kind = "ivr"
	KindQueue Kind = "queue"
	KindAgent Kind = "agent"

	// KindTransfer is no caller: it is the far half of a call that an agent sent on, on its way to a number.
	KindTransfer Kind = "transfer"
)

// Args is what the dialplan said: Stasis(queueapp,<kind>,…).
type Args struct {
	Kind Kind // empty where nothing can be made of the arguments
	Menu string

	Queue    queueapp.QueueName
	Code     string        // a customer's code, not looked up yet
	Customer string        // a customer's id, not looked up yet
	Priority int           // higher is served first
	Timeout  time.Duration // 0: the queue's own
	Needs    []queueapp.Need
	Agent    queueapp.AgentID // for this member of the queue alone
	Keep     bool             // keep the entry number of the visit before
	Data     []queueapp.Datum

	Command  Command // KindAgent
	AskAgent bool    // KindAgent: anybody may sit at the phone, and keys in who he is
}

// What the dialplan may say at most.
const (
	mostArgs     = 64
	mostText     = 200 // characters of a value
	mostPriority = 1_000_000
	mostSkill    = 100
	mostTimeout  = 24 * time.Hour
	longestName  = 64
)

// ParseArgs reads the arguments after the application's name. The first is the kind, the second what of that kind, the
// others are key=value with both percent-encoded, since a comma would end them. Values may come from callers: they are
// cleaned and cut, never refused for what they hold. The error joins everything that is wrong; what could be read is
// returned all the same, and Kind is empty where that is not enough to go on.
func ParseArgs(args []string) (Args, error) {
	p := argsParser{}
	if len(args) > mostArgs {
		p.problem("%d arguments: the first %d are used", len(args), mostArgs)
		args = args[:mostArgs]
	}
	kind, what := "", ""
	if len(args) > 0 {
		kind = args[0]
	}
	if len(args) > 1 {
		what = p.decode(args[1])
	}
	p.begin(Kind(kind), what)
	for _, arg := range args[min(2, len(args)):] {
		p.pair(arg)
	}
	return p.args, errors.Join(p.errs...)
}

type argsParser struct {
	args Args
	seen []string
	errs []error
}

func (p *argsParser) problem(format string, args ...any) {
	p.errs = append(p.errs, fmt.Errorf("dialplan arguments: "+format, args...))
}

func (p *argsParser) begin(kind Kind, what string) {
	switch kind {
	case KindMenu:
		if p.name("menu", what) {
			p.args.Kind, p.args.Menu = kind, what
		}
	case KindQueue:
		if p.name("queue", what) {
			p.args.Kind, p.args.Queue = kind, queueapp.QueueName(what)
		}
	case KindAgent:
		switch v := AgentVerb(what); v {
		case AgentLogOn, AgentLogOff, AgentPause, AgentReady:
			p.args.Kind, p.args.Command.Verb = kind, v
		default:
			p.problem("%.40q is nothing that an agent can do: write logon, logoff, pause or ready", what)
		}
	case KindTransfer: // whither, its own channel's name says
		p.args.Kind = kind
	default:
		p.problem("%.40q is no kind of call: write Stasis(<app>,ivr,<menu>), Stasis(<app>,queue,<name>) or Stasis(<app>,agent,logon)",
			string(kind))
	}
}

func (p *argsParser) name(what, s string) bool {
	if s == "" || len(s) > longestName || strings.ContainsFunc(s, notInName) {
		p.problem("%.40q is no %s's name", s, what)
		return false
	}
	return true
}

func notInName(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_' && r != '.' && r != '-'
}

func (p *argsParser) pair(arg string) {
	if arg == "" {
		return // Stasis(queueapp,queue,support,) has an empty one
	}
	rawKey, rawValue, ok := strings.Cut(arg, "=")
	key, value := p.decode(rawKey), p.decode(rawValue)
	switch {
	case !ok:
		p.problem("%.40q is no key=value", arg)
	case slices.Contains(p.seen, key):
		p.problem("%.40q is given twice: the first counts", key)
	default:
		p.seen = append(p.seen, key)
		p.set(key, value)
	}
}

func (p *argsParser) set(key, value string) {
	switch {
	case p.args.Kind == KindQueue && p.setQueue(key, value):
	case p.args.Kind == KindAgent && p.setAgent(key, value):
	case p.args.Kind != "":
		p.problem("%.40q is no argument of %s", key, p.args.Kind)
	}
}

func (p *argsParser) setQueue(key, value string) bool {
	switch key {
	case "code":
		if p.args.Code = value; strings.ContainsFunc(value, unicode.IsSpace) {
			p.args.Code = ""
			p.problem("code=%.40q is no code", value)
		}
	case "customer":
		p.args.Customer = value
	case "priority":
		p.args.Priority = p.number(key, value, -mostPriority, mostPriority)
	case "timeout":
		p.args.Timeout = time.Duration(p.number(key, value, 0, int(mostTimeout/time.Second))) * time.Second
	case "agent":
		if p.name("agent", value) {
			p.args.Agent = queueapp.AgentID(value)
		}
	case "keep":
		p.args.Keep = p.number(key, value, 0, 1) == 1
	case "record":
		if value != "no" {
			p.problem("record=%.40q is nothing that can be said here: write record=no", value)
			return true
		}
		p.args.Data = append(p.args.Data, queueapp.Datum{Key: key, Value: value})
	default:
		if skill, ok := strings.CutPrefix(key, "skill."); ok {
			if p.name("skill", skill) {
				p.args.Needs = append(p.args.Needs, queueapp.Need{Skill: skill, Least: p.number(key, value, 0, mostSkill)})
			}
			return true
		}
		name, ok := strings.CutPrefix(key, "data.")
		if !ok || !p.name("datum", name) {
			return ok
		}
		p.args.Data = append(p.args.Data, queueapp.Datum{Key: name, Value: value})
	}
	return true
}

func (p *argsParser) setAgent(key, value string) bool {
	switch key {
	case "queue":
		if p.name("queue", value) {
			p.args.Command.Queue = queueapp.QueueName(value)
		}
	case "reason":
		p.args.Command.Reason = value
	case "ask":
		if p.args.AskAgent = value == "agent"; !p.args.AskAgent {
			p.problem("ask=%.40q is nothing that can be asked for: write ask=agent", value)
		}
	default:
		return false
	}
	return true
}

func (p *argsParser) number(key, value string, least, most int) int {
	n, err := strconv.Atoi(strings.TrimSpace(value))
	if err != nil || n < least || n > most {
		p.problem("%s=%.40q is no number from %d to %d", key, value, least, most)
		return 0
	}
	return n
}

// decode undoes the percent-encoding. Where that fails the text is taken as it stands: the dialplan forgot URIENCODE.
func (p *argsParser) decode(s string) string {
	plain, ok := unescape(s)
	if !ok {
		p.problem("%.40q is not percent-encoded: use ${URIENCODE(…)}", s)
		plain = s
	}
	return clean(plain)
}

// unescape undoes percent-encoding (RFC 3986 §2.1). A plus sign is a plus sign.
func unescape(s string) (string, bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			b.WriteByte(s[i])
			continue
		}
		if i+2 >= len(s) {
			return "", false
		}
		n, err := strconv.ParseUint(s[i+1:i+3], 16, 8)
		if err != nil {
			return "", false
		}
		b.WriteByte(byte(n))
		i += 2
	}
	return b.String(), true
}

// clean takes out what does no good anywhere: control characters, invalid UTF-8, and what is too long.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
	if utf8.RuneCountInString(s) > mostText {
		s = string([]rune(s)[:mostText])
	}
	return s
}

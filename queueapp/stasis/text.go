package stasis

import (
	"strings"
	"unicode"

	"ringside/queueapp"
)

// How much of what the network says is kept, in characters: more than any honest name or number has.
const (
	maxName   = 120
	maxNumber = 64
	maxKind   = 64
)

// clean makes hostile text printable: no control characters, no reversal of the writing direction, no remains of invalid
// UTF-8, no spaces around it, and at most limit characters.
func clean(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\t', r == '\n', r == '\r':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r), r == unicode.ReplacementChar, r == '\u2028', r == '\u2029':
			return -1
		}
		return r
	}, s)
	s = strings.TrimSpace(s)
	n := 0
	for i := range s {
		if n == limit {
			return strings.TrimSpace(s[:i])
		}
		n++
	}
	return s
}

// callerOf says who calls. Of a number that is not to be shown neither the number nor the name is kept.
func callerOf(name, number, dialled string, vars map[string]string) queueapp.Caller {
	c := queueapp.Caller{Dialled: clean(dialled, maxNumber)}
	if number = clean(number, maxNumber); !withheld(number, vars[presentation]) {
		c.Name, c.Number = clean(name, maxName), number
	}
	return c
}

// presentation is the dialplan function that tells whether a number may be shown. Asterisk evaluates it for us where
// ari.conf names it under channelvars.
const presentation = "CALLERID(num-pres)"

// withheld reports whether a number is not to be shown: by what the network says of it (Asterisk has the number all the
// same where it trusts the trunk), or since it is what SIP puts in the place of one (RFC 3323).
func withheld(number, presentation string) bool {
	if strings.HasPrefix(presentation, "prohib") || presentation == "unavailable" {
		return true
	}
	switch strings.ToLower(number) {
	case "anonymous", "restricted", "private", "withheld", "unavailable", "unknown":
		return true
	}
	return false
}

// endpoint is the technology and resource in a channel's name: "PJSIP/ag-1" of "PJSIP/ag-1-0000002a", "Local/7@in" of
// "Local/7@in-00000003;2". Only the last dash begins the part that Asterisk added.
func endpoint(name string) string {
	name, _, _ = strings.Cut(name, "<") // a channel that is being replaced: "…<ZOMBIE>", "…<MASQ>"
	name, _, _ = strings.Cut(name, ";")
	if dash := strings.LastIndexByte(name, '-'); dash > 0 && isHex(name[dash+1:]) {
		name = name[:dash]
	}
	return clean(name, maxName)
}

func isHex(s string) bool {
	return s != "" && strings.Trim(s, "0123456789abcdefABCDEF") == ""
}

// splitArgs splits the text of an application's arguments as Asterisk's dialplan does: by commas outside of quotes, round
// and square brackets; quotes go, and a backslash makes the next character plain.
func splitArgs(s string) []string {
	var (
		args          []string
		arg           strings.Builder
		round, square int
		quoted, plain bool
	)
	for _, r := range s {
		switch {
		case plain:
			plain = false
		case r == '\\':
			plain = true
			continue
		case r == '"':
			quoted = !quoted
			continue
		case r == '(':
			round++
		case r == ')' && round > 0:
			round--
		case r == '[':
			square++
		case r == ']' && square > 0:
			square--
		case r == ',' && round == 0 && square == 0 && !quoted:
			args = append(args, arg.String())
			arg.Reset()
			continue
		}
		arg.WriteRune(r)
	}
	return append(args, arg.String())
}

// callerID is a caller's name and number as Asterisk reads them: "Name" <number>. It is empty where both are.
func callerID(name, number string) string {
	name, number = cleanName(name), cleanNumber(number)
	if name == "" && number == "" {
		return ""
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `" <` + number + `>`
}

func cleanName(name string) string { return clean(name, maxName) }

func cleanNumber(number string) string {
	return strings.Map(func(r rune) rune {
		if r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("+*#._-", r)) {
			return r
		}
		return -1
	}, clean(number, maxNumber))
}

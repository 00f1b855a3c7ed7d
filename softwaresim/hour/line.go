package hour

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// line is one line of Asterisk's queue_log: epoch|callid|queue|agent|EVENT|data….
type line struct {
	at    time.Time // a full second
	call  string
	queue string
	agent string
	event string
	data  []string
}

// form is what stands behind an event's name: a letter for each field, s for a text and n for a number. Those from least on
// may be left out.
type form struct {
	fields string
	least  int
}

// forms are the events that Asterisk's documentation tells of, and the two that Ringside's adds, HOLD and UNHOLD. Those of
// ATTENDEDTRANSFER depend on where the call went: the first field says it.
func forms() map[string]form {
	exactly := func(fields string) form { return form{fields, len(fields)} }
	left := exactly("nnn") // position, original position, seconds waited
	return map[string]form{
		"QUEUESTART": exactly(""), "CONFIGRELOAD": exactly(""), "SYSCOMPAT": exactly(""), "AGENTDUMP": exactly(""),
		"ADDMEMBER": {"s", 0}, "REMOVEMEMBER": exactly(""), "PENALTY": exactly("n"), "RINGINUSE": exactly("n"),
		"AGENTLOGIN": exactly("s"), "AGENTLOGOFF": exactly("sn"),
		"PAUSE": {"s", 0}, "UNPAUSE": {"s", 0}, "PAUSEALL": {"s", 0}, "UNPAUSEALL": {"s", 0},
		"ENTERQUEUE": {"ssns", 3}, "CONNECT": exactly("nsn"), "RINGNOANSWER": exactly("n"), "RINGCANCELED": exactly("n"),
		"HOLD": exactly(""), "UNHOLD": exactly("n"), "COMPLETEAGENT": exactly("nnn"), "COMPLETECALLER": exactly("nnn"),
		"ABANDON": left, "EXITEMPTY": left, "EXITWITHTIMEOUT": left, "EXITWITHKEY": exactly("snnn"), "WITHDRAW": {"nnns", 3},
		"BLINDTRANSFER": exactly("ssnnn"), "OUTCALL": exactly("sns"),
	}
}

// formOf is what an event's data must be. The first field of an attended transfer says how many name where the call went.
func formOf(event string, data []string) (form, bool) {
	if event != "ATTENDEDTRANSFER" {
		f, known := forms()[event]
		return f, known
	}
	if len(data) > 0 && data[0] == "LINK" {
		return form{"sssnnn", 6}, true
	}
	return form{"ssnnn", 5}, len(data) > 0 && slices.Contains([]string{"BRIDGE", "APP"}, data[0])
}

// parse reads a line without its end.
func parse(text string) (line, error) {
	if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return line{}, errors.New("it has a control character")
	}
	fields := strings.Split(text, "|")
	if len(fields) < 6 {
		return line{}, fmt.Errorf("it has %d fields; epoch, call, queue, agent, event and data are six", len(fields))
	}
	epoch, err := number(fields[0])
	if err != nil {
		return line{}, fmt.Errorf("its time: %w", err)
	}
	if slices.Contains(fields[1:5], "") {
		return line{}, errors.New("its call, queue, agent or event is empty; what does not apply is NONE")
	}
	l := line{at: time.Unix(epoch, 0), call: fields[1], queue: fields[2], agent: fields[3], event: fields[4], data: fields[5:]}
	if len(l.data) == 1 && l.data[0] == "" {
		l.data = nil
	}
	return l, l.check()
}

func (l line) check() error {
	f, known := formOf(l.event, l.data)
	if !known {
		return fmt.Errorf("there is no event %s with %q", l.event, l.data)
	}
	if len(l.data) < f.least || len(l.data) > len(f.fields) {
		return fmt.Errorf("%s has %d data fields, and not %d to %d", l.event, len(l.data), f.least, len(f.fields))
	}
	for i, field := range l.data {
		if f.fields[i] != 'n' {
			continue
		}
		if _, err := number(field); err != nil {
			return fmt.Errorf("data %d of %s: %w", i+1, l.event, err)
		}
	}
	return nil
}

// number reads what is a number of digits only: a sign, a space or a fraction are none.
func number(s string) (int64, error) {
	if s == "" || strings.Trim(s, "0123456789") != "" {
		return 0, fmt.Errorf("%q is no number", s)
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n > 1<<40 {
		return 0, fmt.Errorf("%q is too great", s)
	}
	return n, nil
}

// n is a data field, counted from 1, that parse has found to be a number.
func (l line) n(i int) int64 {
	n, _ := number(l.data[i-1])
	return n
}

// seconds is a data field that counts seconds.
func (l line) seconds(i int) time.Duration { return time.Duration(l.n(i)) * time.Second }

// text is a data field, counted from 1, empty where it is left out.
func (l line) text(i int) string {
	if i > len(l.data) {
		return ""
	}
	return l.data[i-1]
}

// longestLine is more than any line has.
const longestLine = 64 << 10

// read reads a whole file, and tells of the lines that are none.
func read(r io.Reader) (lines []line, wrong []string, err error) {
	s := bufio.NewScanner(r)
	s.Buffer(nil, longestLine)
	s.Split(splitLines)
	for n := 1; s.Scan(); n++ {
		text, whole := strings.CutSuffix(s.Text(), "\n")
		l, err := parse(text)
		switch {
		case !whole:
			wrong = append(wrong, fmt.Sprintf("line %d, %q: it has no end", n, text))
		case err != nil:
			wrong = append(wrong, fmt.Sprintf("line %d, %q: %v", n, text, err))
		default:
			lines = append(lines, l)
		}
	}
	if err := s.Err(); err != nil {
		return nil, nil, fmt.Errorf("read the queue_log: %w", err)
	}
	return lines, wrong, nil
}

// splitLines gives lines with their ends, so that one that was cut off shows.
func splitLines(data []byte, atEnd bool) (advance int, token []byte, err error) {
	if i := slices.Index(data, '\n'); i >= 0 {
		return i + 1, data[:i+1], nil
	}
	if atEnd && len(data) > 0 {
		return len(data), data, nil
	}
	return 0, nil, nil
}

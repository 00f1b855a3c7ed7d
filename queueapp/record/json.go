package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// jsonCall is the record's JSON: the names of the XML, customers an array, data objects, seconds numbers.
type jsonCall struct {
	ID        string         `json:"id"`
	Event     Event          `json:"event"`
	State     State          `json:"state"`
	Seq       int64          `json:"seq"`
	At        string         `json:"at"`
	Expires   string         `json:"expires"`
	Direction Direction      `json:"direction,omitempty"`
	Queue     string         `json:"queue,omitempty"`
	Extension string         `json:"extension,omitempty"`
	Agent     string         `json:"agent,omitempty"`
	Attempt   int            `json:"attempt,omitempty"`
	Channel   string         `json:"channel,omitempty"`
	Reason    Reason         `json:"reason,omitempty"`
	From      string         `json:"from,omitempty"`
	Caller    *jsonCaller    `json:"caller,omitempty"`
	Customers []jsonCustomer `json:"customers,omitempty"`
	Times     jsonTimes      `json:"times,omitzero"`
	Seconds   jsonSeconds    `json:"seconds,omitzero"`
	Outcome   jsonOutcome    `json:"outcome,omitzero"`
	Data      Data           `json:"data,omitempty"`
}

type jsonCaller struct {
	Number   string `json:"number,omitempty"`
	E164     string `json:"e164,omitempty"`
	Name     string `json:"name,omitempty"`
	Dialled  string `json:"dialled,omitempty"`
	Withheld bool   `json:"withheld"`
}

type jsonCustomer struct {
	ID    string `json:"id,omitempty"`
	Code  string `json:"code,omitempty"`
	Match Match  `json:"match,omitempty"`
	URL   string `json:"url,omitempty"`
	Name  string `json:"name,omitempty"`
	Data  Data   `json:"data,omitempty"`
}

type jsonTimes struct {
	Entered   string `json:"entered,omitempty"`
	Offered   string `json:"offered,omitempty"`
	Connected string `json:"connected,omitempty"`
	Ended     string `json:"ended,omitempty"`
}

type jsonSeconds struct {
	Wait json.Number `json:"wait,omitempty"`
	Ring json.Number `json:"ring,omitempty"`
	Talk json.Number `json:"talk,omitempty"`
	Hold json.Number `json:"hold,omitempty"`
}

type jsonOutcome struct {
	Value string `json:"value,omitempty"`
	By    string `json:"by,omitempty"`
	Cause int    `json:"cause,omitempty"`
}

// JSON returns the cleaned record as one object. It fails on a record that is not valid.
func (c Call) JSON() ([]byte, error) { return json.Marshal(c) }

// MarshalJSON writes what MarshalXML writes, as one object with members in the same order.
func (c Call) MarshalJSON() ([]byte, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	c = c.Clean()
	out := jsonCall{
		ID: c.ID, Event: c.Event, State: c.State, Seq: c.Seq, At: formatTime(c.At), Expires: formatTime(c.Expires),
		Direction: c.Direction, Queue: c.Queue, Extension: c.Extension, Agent: c.Agent, Attempt: c.Attempt,
		Channel: c.Channel, Reason: c.Reason, From: c.From, Data: c.Data, Outcome: jsonOutcome(c.Outcome),
		Times:   jsonTimes{formatTime(c.Times.Entered), formatTime(c.Times.Offered), formatTime(c.Times.Connected), formatTime(c.Times.Ended)},
		Seconds: jsonSeconds{jsonLength(c.Seconds.Wait), jsonLength(c.Seconds.Ring), jsonLength(c.Seconds.Talk), jsonLength(c.Seconds.Hold)},
	}
	if c.Caller != (Caller{}) {
		out.Caller = new(jsonCaller(c.Caller))
	}
	for _, x := range c.Customers {
		out.Customers = append(out.Customers, jsonCustomer(x))
	}
	return json.Marshal(out)
}

// ParseJSON reads one record of at most MaxBytes. Members that it does not know are ignored; a known one of the wrong
// kind is an error. The result is clean.
func ParseJSON(b []byte) (Call, error) {
	var c Call
	if len(b) > MaxBytes {
		return c, errSize
	}
	if err := json.Unmarshal(b, &c); err != nil {
		return Call{}, fmt.Errorf("record: %w", err)
	}
	return c, nil
}

// UnmarshalJSON reads an object as ParseJSON does. It leaves c as it was on an error.
func (c *Call) UnmarshalJSON(b []byte) error {
	var in jsonCall
	if err := json.Unmarshal(b, &in); err != nil {
		return err
	}
	out := Call{
		ID: in.ID, Event: in.Event, State: in.State, Seq: in.Seq, Direction: in.Direction, Queue: in.Queue,
		Extension: in.Extension, Agent: in.Agent, Attempt: in.Attempt, Channel: in.Channel, Reason: in.Reason,
		From: in.From, Outcome: Outcome(in.Outcome), Data: in.Data,
	}
	if in.Caller != nil {
		out.Caller = Caller(*in.Caller)
	}
	for _, x := range in.Customers {
		out.Customers = append(out.Customers, Customer(x))
	}
	t, s := &out.Times, &out.Seconds
	err := errors.Join(
		setTime(&out.At, "at", in.At), setTime(&out.Expires, "expires", in.Expires),
		setTime(&t.Entered, "entered", in.Times.Entered), setTime(&t.Offered, "offered", in.Times.Offered),
		setTime(&t.Connected, "connected", in.Times.Connected), setTime(&t.Ended, "ended", in.Times.Ended),
		setLength(&s.Wait, "wait", in.Seconds.Wait), setLength(&s.Ring, "ring", in.Seconds.Ring),
		setLength(&s.Talk, "talk", in.Seconds.Talk), setLength(&s.Hold, "hold", in.Seconds.Hold))
	if err != nil {
		return err
	}
	out = out.Clean()
	if err := out.Validate(); err != nil {
		return err
	}
	*c = out
	return nil
}

// MarshalJSON writes an object whose members are in the order of d.
func (d Data) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, e := range d {
		if i > 0 {
			b.WriteByte(',')
		}
		key, err := json.Marshal(e.Key)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(e.Value)
		if err != nil {
			return nil, err
		}
		b.Write(key)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// UnmarshalJSON reads an object of strings and keeps the order of its members.
func (d *Data) UnmarshalJSON(b []byte) error {
	dec := json.NewDecoder(bytes.NewReader(b))
	tok, err := dec.Token()
	if err != nil {
		return err
	}
	if tok == nil { // null
		*d = nil
		return nil
	}
	if tok != json.Delim('{') {
		return errors.New("data is not an object")
	}
	var out Data
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return err
		}
		var value string
		if err := dec.Decode(&value); err != nil {
			return fmt.Errorf("data %.80q: %w", key, err)
		}
		out = append(out, Datum{Key: key.(string), Value: value})
	}
	*d = out
	return nil
}

func formatTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(timeLayout)
}

func jsonLength(d *time.Duration) json.Number {
	if d == nil {
		return ""
	}
	return json.Number(formatSeconds(*d))
}

func setTime(t *time.Time, name, v string) error {
	if v == "" {
		return nil
	}
	at, err := parseTime(v)
	if err != nil {
		return fmt.Errorf("%s %.40q is not an RFC 3339 time", name, v)
	}
	*t = at
	return nil
}

func setLength(d **time.Duration, name string, v json.Number) error {
	if v == "" {
		return nil
	}
	f, err := v.Float64() // unlike the XML, JSON may have an exponent
	if err != nil || !(f >= 0 && f <= longest.Seconds()) {
		return fmt.Errorf("%s %.40q is not a number of seconds", name, v)
	}
	*d = new(roundSeconds(f))
	return nil
}

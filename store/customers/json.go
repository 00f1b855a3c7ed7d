package customers

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"ringside/queueapp"
)

// object is a customer's data as a JSON object whose members keep their order.
type object []queueapp.Datum

type customer struct {
	ID    string         `json:"id,omitempty"`
	Code  string         `json:"code,omitempty"`
	Match queueapp.Match `json:"match,omitempty"`
	Name  string         `json:"name,omitempty"`
	URL   string         `json:"url,omitempty"`
	Data  object         `json:"data,omitempty"`
}

// Encode writes customers as a JSON array of objects, as the column calls.customers keeps them.
func Encode(cs []queueapp.Customer) string {
	rows := make([]customer, len(cs))
	for i, c := range cs {
		rows[i] = customer{ID: bare(c.ID), Code: bare(c.Code), Match: c.Match, Name: bare(c.Name), URL: bare(c.URL), Data: c.Data}
	}
	return marshal(rows)
}

// Decode reads what [Encode] wrote.
func Decode(text string) ([]queueapp.Customer, error) {
	var rows []customer
	if err := json.Unmarshal([]byte(text), &rows); err != nil {
		return nil, fmt.Errorf("read customers: %w", err)
	}
	var cs []queueapp.Customer
	for _, r := range rows {
		cs = append(cs, queueapp.Customer{ID: r.ID, Code: r.Code, Match: r.Match, Name: r.Name, URL: r.URL, Data: r.Data})
	}
	return cs, nil
}

// EncodeData writes data as a JSON object in its order, as the columns called data keep it.
func EncodeData(data []queueapp.Datum) string { return marshal(object(data)) }

// DecodeData reads what [EncodeData] wrote. Values that are no texts, which only others can have written, become texts.
func DecodeData(text string) ([]queueapp.Datum, error) {
	var data object
	if err := json.Unmarshal([]byte(text), &data); err != nil {
		return nil, fmt.Errorf("read data: %w", err)
	}
	return data, nil
}

// MarshalJSON writes an object in its own order.
func (o object) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for i, d := range o {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, marshal(bare(d.Key))...)
		b = append(b, ':')
		b = append(b, marshal(bare(d.Value))...)
	}
	return append(b, '}'), nil
}

// UnmarshalJSON reads an object in its own order. null members are left out.
func (o *object) UnmarshalJSON(b []byte) error {
	*o = nil
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	open, err := dec.Token()
	if err != nil || open == nil { // null
		return err
	}
	if open != json.Delim('{') {
		return fmt.Errorf("want an object, not %.20s", b)
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return err
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return err
		}
		if text, ok := textOf(value); ok {
			*o = append(*o, queueapp.Datum{Key: key.(string), Value: text})
		}
	}
	return nil
}

func textOf(value json.RawMessage) (string, bool) {
	if string(value) == "null" {
		return "", false
	}
	var text string
	if json.Unmarshal(value, &text) == nil {
		return text, true
	}
	return string(value), true
}

// marshal writes JSON for people: "&" and "<" stand for themselves, invalid UTF-8 becomes U+FFFD.
func marshal(v any) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(err) // texts, slices and structs of them: there is nothing that could fail
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// bare is s without NUL, which PostgreSQL accepts in JSON and then cannot give as a text.
func bare(s string) string { return strings.ReplaceAll(s, "\x00", "") }

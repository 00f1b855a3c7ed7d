package customers_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"ringside/queueapp"
	"ringside/store/customers"
)

func datum() *rapid.Generator[queueapp.Datum] {
	return rapid.Custom(func(t *rapid.T) queueapp.Datum {
		return queueapp.Datum{Key: text().Draw(t, "key"), Value: text().Draw(t, "value")}
	})
}

// text is what PostgreSQL can keep.
func text() *rapid.Generator[string] {
	return rapid.Map(rapid.String(), func(s string) string { return strings.ReplaceAll(strings.ToValidUTF8(s, ""), "\x00", "") })
}

// Order, and members that are there twice, survive.
func TestJSONRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := queueapp.Customer{
			ID: text().Draw(t, "id"), Code: text().Draw(t, "code"), Match: queueapp.MatchCode, Name: text().Draw(t, "name"),
			URL: text().Draw(t, "url"), Data: rapid.SliceOf(datum()).Draw(t, "data"),
		}
		all := []queueapp.Customer{c, {}, c}
		got, err := customers.Decode(customers.Encode(all))
		if diff := cmp.Diff(all, got, cmpopts.EquateEmpty()); diff != "" || err != nil {
			t.Fatalf("%v %s", err, diff)
		}
		data, err := customers.DecodeData(customers.EncodeData(c.Data))
		if diff := cmp.Diff(c.Data, data, cmpopts.EquateEmpty()); diff != "" || err != nil {
			t.Fatalf("%v %s", err, diff)
		}
	})
}

func TestDataOfOthers(t *testing.T) {
	t.Parallel()
	got, err := customers.DecodeData(`{"n": 12345678901234567890, "b": true, "none": null, "o": {"x": [1, 2]}, "s": "x"}`)
	want := []queueapp.Datum{{Key: "n", Value: "12345678901234567890"}, {Key: "b", Value: "true"}, {Key: "o", Value: `{"x": [1, 2]}`}, {Key: "s", Value: "x"}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	if _, err := customers.DecodeData(`[1]`); err == nil {
		t.Error("an array was read as an object")
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(`[{"id":"1","data":{"a":"b"}}]`)
	f.Add(`[{"data":{"a":null,"a":{"b":[]}}}]`)
	f.Fuzz(func(t *testing.T, text string) {
		cs, err := customers.Decode(text)
		if err != nil {
			return
		}
		encoded := customers.Encode(cs)
		if !json.Valid([]byte(encoded)) {
			t.Fatalf("%q is no JSON", encoded)
		}
		again, err := customers.Decode(encoded)
		if err != nil || customers.Encode(again) != encoded {
			t.Fatalf("%q became %q, %v", encoded, customers.Encode(again), err)
		}
	})
}

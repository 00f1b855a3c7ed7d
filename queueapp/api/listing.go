package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"ringside/queueapp"
)

// Agents is the answer of GET /v1/agents. At is the server's time, against which the others can be read.
type Agents struct {
	At     time.Time            `json:"at"`
	Agents []queueapp.AgentView `json:"agents"`
}

// Queues is the answer of GET /v1/queues.
type Queues struct {
	At     time.Time            `json:"at"`
	Queues []queueapp.QueueView `json:"queues"`
}

// Calls is the answer of GET /v1/calls.
type Calls struct {
	At    time.Time `json:"at"`
	Calls []Call    `json:"calls"`
}

// Route is the answer of GET /v1/queues/{queue}/route: who would get the next call and why.
type Route struct {
	At         time.Time            `json:"at"`
	Queue      queueapp.QueueName   `json:"queue"`
	Candidates []queueapp.Candidate `json:"candidates"`
}

// Call is a call as the API shows it: caller and customers have the names that the record gives them.
type Call struct {
	queueapp.CallView
	Caller    Caller     `json:"caller"`
	Customers []Customer `json:"customers,omitempty"`
	Recording *Recording `json:"recording,omitempty"` // of a conversation that has one
}

// Caller is who calls. What is not known is absent.
type Caller struct {
	Number  string `json:"number,omitempty"`
	Name    string `json:"name,omitempty"`
	Dialled string `json:"dialled,omitempty"`
}

// Customer is a customer that the call was found to be about.
type Customer struct {
	ID    string         `json:"id,omitempty"`
	Code  string         `json:"code,omitempty"`
	Match queueapp.Match `json:"match,omitempty"`
	Name  string         `json:"name,omitempty"`
	URL   string         `json:"url,omitempty"`
	Data  Data           `json:"data,omitempty"`
}

// Data is a JSON object that keeps the order of its keys.
type Data []queueapp.Datum

// MarshalJSON writes an object; of two values for a key the first is kept.
func (d Data) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	seen := make(map[string]bool, len(d))
	b.WriteByte('{')
	for _, datum := range d {
		if seen[datum.Key] {
			continue
		}
		seen[datum.Key] = true
		key, err := json.Marshal(datum.Key)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(datum.Value)
		if err != nil {
			return nil, err
		}
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		b.Write(key)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (d *Data) UnmarshalJSON(b []byte) error {
	dec := json.NewDecoder(bytes.NewReader(b))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return errors.New("data is not an object")
	}
	*d = nil
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return err
		}
		var value string
		if err := dec.Decode(&value); err != nil {
			return err
		}
		*d = append(*d, queueapp.Datum{Key: key.(string), Value: value})
	}
	return nil
}

func callOf(v queueapp.CallView) Call {
	c := Call{CallView: v, Caller: Caller{Number: v.Caller.Number, Name: v.Caller.Name, Dialled: v.Caller.Dialled}}
	for _, cust := range v.Customers {
		c.Customers = append(c.Customers, Customer{ID: cust.ID, Code: cust.Code, Match: cust.Match, Name: cust.Name, URL: cust.URL, Data: cust.Data})
	}
	return c
}

// some makes an empty list of nothing, so that JSON shows [] and never null.
func some[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func (s *Server) agents(w http.ResponseWriter, r *http.Request) error {
	agents, err := s.floor.Agents(r.Context())
	if err != nil {
		return err
	}
	for i := range agents {
		agents[i].Queues = some(agents[i].Queues)
	}
	writeJSON(w, Agents{At: time.Now(), Agents: some(agents)})
	return nil
}

func (s *Server) queues(w http.ResponseWriter, r *http.Request) error {
	queues, err := s.floor.Queues(r.Context())
	if err != nil {
		return err
	}
	writeJSON(w, Queues{At: time.Now(), Queues: some(queues)})
	return nil
}

func (s *Server) calls(w http.ResponseWriter, r *http.Request) error {
	views, err := s.floor.Calls(r.Context())
	if err != nil {
		return err
	}
	calls := make([]Call, 0, len(views))
	shown := make([]*Call, len(views))
	for i, v := range views {
		calls = append(calls, callOf(v))
		shown[i] = &calls[i]
	}
	if err := s.withRecordings(r, shown...); err != nil {
		return err
	}
	writeJSON(w, Calls{At: time.Now(), Calls: calls})
	return nil
}

func (s *Server) oneCall(w http.ResponseWriter, r *http.Request) error {
	v, err := s.findCall(r)
	if err != nil {
		return err
	}
	call := callOf(v)
	if err := s.withRecordings(r, &call); err != nil {
		return err
	}
	writeJSON(w, call)
	return nil
}

// findCall is the call that the path names, as it stands now.
func (s *Server) findCall(r *http.Request) (queueapp.CallView, error) {
	calls, err := s.floor.Calls(r.Context())
	if err != nil {
		return queueapp.CallView{}, err
	}
	id := queueapp.CallID(r.PathValue("call"))
	for _, c := range calls {
		if c.Call == id {
			return c, nil
		}
	}
	return queueapp.CallView{}, unknownCall()
}

func (s *Server) explain(w http.ResponseWriter, r *http.Request) error {
	q := queueapp.QueueName(r.PathValue("queue"))
	candidates, err := s.floor.Explain(r.Context(), q)
	if err != nil {
		return err
	}
	writeJSON(w, Route{At: time.Now(), Queue: q, Candidates: some(candidates)})
	return nil
}

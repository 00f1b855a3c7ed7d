package aritest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// request is one of ARI's.
type request struct {
	line  string   // "POST /channels/1.1/answer", escaped as it came
	ids   []string // those in the path
	query url.Values
	by    *valve // the connection that it came by
	params
}

func (q *request) conflict()       { q.by.conflict.Store(true) }
func (q *request) conflicts() bool { return q.by.conflict.Load() }

// params are what a body may say.
type params struct {
	Endpoint    string            `json:"endpoint"`
	App         string            `json:"app"`
	AppArgs     string            `json:"appArgs"`
	ChannelID   string            `json:"channelId"`
	Extension   string            `json:"extension"`
	Context     string            `json:"context"`
	Priority    int               `json:"priority"`
	CallerID    string            `json:"callerId"`
	Timeout     int               `json:"timeout"`
	Originator  string            `json:"originator"`
	Variables   map[string]string `json:"variables"`
	Variable    string            `json:"variable"`
	Value       string            `json:"value"`
	Name        string            `json:"name"`
	Format      string            `json:"format"`
	IfExists    string            `json:"ifExists"`
	Media       some              `json:"media"`
	Channel     some              `json:"channel"`
	EventSource some              `json:"eventSource"`
	DeviceState string            `json:"deviceState"`
	Allowed     []struct {
		Type string `json:"type"`
	} `json:"allowed"`
}

// some is one string or an array of them.
type some []string

// UnmarshalJSON implements [json.Unmarshaler].
func (s *some) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		*s = make(some, 1)
		return json.Unmarshal(b, &(*s)[0])
	}
	return json.Unmarshal(b, (*[]string)(s))
}

// reply is what a request gets.
type reply struct {
	status   int
	body     []byte
	promised int    // the length that is said, where the body is shorter
	then     func() // done, with the lock, once the reply is on its way
}

func refuse(status int, message string) reply {
	return reply{status: status, body: append(pair([]byte("{"), "message", message), '}')}
}

func done() reply { return reply{status: http.StatusNoContent} }

func respond(w http.ResponseWriter, r reply) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	if r.body != nil {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", strconv.Itoa(max(len(r.body), r.promised)))
	}
	w.WriteHeader(r.status)
	_, _ = w.Write(r.body) // whoever asked may be gone
}

// ServeHTTP implements [http.Handler].
func (a *Asterisk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	q := &request{line: r.Method + " " + strings.TrimPrefix(r.URL.EscapedPath(), "/ari"), query: r.URL.Query()}
	q.by, _ = r.Context().Value(valveKey{}).(*valve)
	f := a.note(q.line, body)
	if f.wantsReply() {
		if user, password, _ := r.BasicAuth(); user != a.o.User || password != a.o.Password {
			f = Fault{Status: http.StatusUnauthorized, Message: "Authentication required"}
		}
	}
	switch {
	case f.Status != 0:
		respond(w, refuse(f.Status, f.Message))
	case r.URL.Path == "/ari/events":
		a.listenLate(w, r, f)
	default:
		a.serve(w, r, q, body, f)
	}
}

// serve has a request acted on, and answers it, when its fault says.
func (a *Asterisk) serve(w http.ResponseWriter, r *http.Request, q *request, body []byte, f Fault) {
	do := a.find(r, q, body)
	acted := make(chan reply, 1)
	a.act(f, func() { acted <- a.answer(do, q, f) })
	if f.NoReply {
		panic(http.ErrAbortHandler)
	}
	select {
	case rep := <-acted:
		if f.Reply > 0 && !pause(r.Context(), f.Reply) {
			panic(http.ErrAbortHandler)
		}
		if f.Torn {
			rep.promised = len(rep.body)
			rep.body = rep.body[:len(rep.body)/2]
		}
		respond(w, rep)
		if rep.then != nil {
			_ = http.NewResponseController(w).Flush() // whoever asked may be gone
			a.do(func(*exchange) { rep.then() })
		}
	case <-r.Context().Done():
	case <-a.ended:
	}
}

// answer acts on a request. Where the reply is held up, what follows from it does not wait.
func (a *Asterisk) answer(do operation, q *request, f Fault) (rep reply) {
	a.do(func(x *exchange) {
		if a.life == nil {
			return
		}
		rep = do(x, q)
		if rep.then != nil && (f.NoReply || f.Reply > 0 || f.Torn) {
			rep.then()
			rep.then = nil
		}
	})
	return rep
}

// operation acts on a request.
type operation func(x *exchange, q *request) reply

// find is what is to be done for a request.
func (a *Asterisk) find(r *http.Request, q *request, body []byte) operation {
	parts := strings.Split(strings.TrimPrefix(r.URL.EscapedPath(), "/ari/"), "/")
	first := 1
	if parts[0] == "recordings" { // live or stored
		first = 2
	}
	for i := first; i < len(parts) && parts[0] != "asterisk" && parts[i] != "create"; i += 2 {
		id, err := url.PathUnescape(parts[i])
		if err != nil {
			return always(refuse(http.StatusBadRequest, "Bad id"))
		}
		q.ids = append(q.ids, id)
		parts[i] = "{}"
	}
	shape := "/" + strings.Join(parts, "/")
	do := a.does[r.Method+" "+shape]
	if do == nil {
		for _, method := range []string{"GET", "POST", "PUT", "DELETE"} {
			if a.does[method+" "+shape] != nil {
				return always(refuse(http.StatusMethodNotAllowed, "Invalid method"))
			}
		}
		return always(refuse(http.StatusNotFound, "Resource not found"))
	}
	if len(body) > 0 && json.Unmarshal(body, &q.params) != nil {
		return always(refuse(http.StatusBadRequest, "Request body is not valid JSON"))
	}
	return do
}

func always(r reply) operation { return func(*exchange, *request) reply { return r } }

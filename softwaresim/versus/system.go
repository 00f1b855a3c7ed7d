package versus

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"ringside/softwaresim/stack"
)

// The systems that are compared, as reports name them.
const (
	Ringside = "Ringside"
	Queue    = "Queue()"
)

// system is one of them: how its agents do what they do by other means than their phones.
type system struct {
	name  string
	first int // of the numbers that one dials for its queues
	rules Rules
	act   func(ctx context.Context, s *stack.Stack, queue, agent string, verb Verb) error
}

func systems() []system {
	return []system{{Ringside, 8001, ours(), askRingside}, {Queue, 8501, theirs(), askAsterisk}}
}

// errTalking is that an agent cannot log on while the call that he had before is not over.
var errTalking = errors.New("he is on a call")

// askRingside gives a command by queueapp's API.
func askRingside(ctx context.Context, s *stack.Stack, _, agent string, verb Verb) error {
	body := map[string]string{}
	if verb == LogOn {
		body["extension"] = agent
	}
	b, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("%s of %s: %w", verb, agent, err)
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.Info().API+"/v1/agents/"+agent+"/"+string(verb), bytes.NewReader(b))
	if err != nil {
		return fmt.Errorf("%s of %s: %w", verb, agent, err)
	}
	r.Close = true // idle connections would outlive the servers
	r.Header.Set("Authorization", "Bearer "+s.Info().Token)
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return fmt.Errorf("%s of %s: %w", verb, agent, err)
	}
	defer resp.Body.Close()
	said, err := io.ReadAll(io.LimitReader(resp.Body, 4000))
	switch {
	case err != nil:
		return fmt.Errorf("%s of %s: %w", verb, agent, err)
	case verb == LogOn && resp.StatusCode == http.StatusConflict:
		return errTalking
	case resp.StatusCode >= http.StatusMultipleChoices:
		return fmt.Errorf("%s of %s: %s: %s", verb, agent, resp.Status, said)
	}
	return nil
}

// askAsterisk gives a command by Asterisk's command line. Who logs off is removed from the queue.
func askAsterisk(ctx context.Context, s *stack.Stack, queue, agent string, verb Verb) error {
	command, done := "", ""
	switch verb {
	case Pause:
		command, done = fmt.Sprintf("queue pause member PJSIP/%s queue %s reason away", agent, queue), "paused interface"
	case Ready:
		command, done = fmt.Sprintf("queue unpause member PJSIP/%s queue %s", agent, queue), "unpaused interface"
	case LogOff:
		command, done = fmt.Sprintf("queue remove member PJSIP/%s from %s", agent, queue), "Removed interface"
	case LogOn:
		command, done = fmt.Sprintf("queue add member PJSIP/%s to %s", agent, queue), "Added interface"
	}
	said, err := s.CLI(ctx, command)
	if err == nil && !strings.Contains(said, done) {
		err = fmt.Errorf("it said %q", said)
	}
	if err != nil {
		return fmt.Errorf("%s of %s: %w", verb, agent, err)
	}
	return nil
}

// queueName is what both systems call a queue.
func queueName(s Strategy) string { return "versus-" + string(s) }

// queueText is a section of queues.conf. It has no template of the stack's: of two strategies the first one counts.
const queueText = `
[%s]
strategy = %s
timeout = %d
retry = 1
autofill = yes
ringinuse = no
wrapuptime = 0
autopause = no
musicclass = default
joinempty = yes
leavewhenempty = no
`

// files are what the queues of both systems need in the stack's configuration. What only one of them has is left as it is,
// but that Ringside is not to pause who does not answer.
func files(strategies []Strategy, agents int) map[string]string {
	var plan, queues, dialplan strings.Builder
	dialplan.WriteString("\n[ringside-trunk](+)\n")
	for i, s := range strategies {
		name := queueName(s)
		fmt.Fprintf(&plan, "\n[queue.%s]\nstrategy = %q\nring = %q\nretry = \"1s\"\nwrapup = \"0s\"\nmaxnoanswer = 0\nmembers = [%s]\n",
			name, s, ringLimit, `"`+strings.Join(numbers(i, agents, 0, len(strategies)), `", "`)+`"`)
		fmt.Fprintf(&queues, queueText, name, s, ringLimit/time.Second)
		fmt.Fprintf(&dialplan, "exten => %d,1,Set(TIMEOUT(absolute)=${DEADMAN})\n same => n,Stasis({{.App}},queue,%s)\n same => n,Hangup()\n",
			systems()[0].first+i, name)
		fmt.Fprintf(&dialplan, "exten => %d,1,Queue(%s)\n same => n,Hangup()\n", systems()[1].first+i, name)
	}
	return map[string]string{"floorplan.toml": plan.String(), "queues.conf": queues.String(), "extensions.conf": dialplan.String()}
}

// firstAgent is the first of the extensions that a stack adds.
const firstAgent = 3001

// numbers are the extensions of a queue's agents: every queue of every system has its own.
func numbers(queue, agents, system, queues int) (all []string) {
	for i := range agents {
		all = append(all, fmt.Sprint(firstAgent+(system*queues+queue)*agents+i))
	}
	return all
}

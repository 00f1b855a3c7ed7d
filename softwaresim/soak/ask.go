package soak

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"ringside/queueapp/api"
)

// maxAnswer bounds what is read of an answer.
const maxAnswer = 8 << 20

// ask asks by HTTP, on a connection of its own: idle ones would outlive the servers. What a refusal says it reads as well.
func ask(ctx context.Context, method, url string, body any, authorise func(*http.Request), into any) (status int, err error) {
	var b bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&b).Encode(body); err != nil {
			return 0, fmt.Errorf("%s %s: %w", method, url, err)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, url, &b)
	if err != nil {
		return 0, err // it says which
	}
	r.Close = true
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if authorise != nil {
		authorise(r)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return 0, fmt.Errorf("%s %s: %w", method, url, err)
	}
	if into != nil {
		err = json.Unmarshal(text, into)
	}
	if resp.StatusCode >= http.StatusMultipleChoices {
		return resp.StatusCode, fmt.Errorf("%s %s: %s: %s", method, url, resp.Status, bytes.TrimSpace(text))
	}
	if err != nil {
		return resp.StatusCode, fmt.Errorf("%s %s: %w", method, url, err)
	}
	return resp.StatusCode, nil
}

// queueappAPI asks queueapp.
func (w *world) queueappAPI(ctx context.Context, method, path string, body, into any) (int, error) {
	info := w.stack.Info()
	return ask(ctx, method, info.API+path, body, func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+info.Token) }, into)
}

// ari lists what Asterisk holds.
func (w *world) ari(ctx context.Context, what string) (ids []string, err error) {
	a := w.stack.Info().ARI
	var list []struct{ ID string }
	_, err = ask(ctx, http.MethodGet, a.URL+"/"+what, nil, func(r *http.Request) { r.SetBasicAuth(a.User, a.Password) }, &list)
	for _, one := range list {
		ids = append(ids, one.ID)
	}
	return ids, err
}

// commandLimit is how long a command is given again while queueapp is not there.
const commandLimit = 10 * time.Second

// command tells the floor what an agent wants, as often as it takes while a fault lasts. The floor may say no.
func (w *world) command(ctx context.Context, agent, verb string) error {
	var body any
	if verb == "logon" {
		body = map[string]string{"extension": agent}
	}
	err := w.until(ctx, commandLimit, verb+" of "+agent, func() error {
		status, err := w.queueappAPI(ctx, http.MethodPost, "/v1/agents/"+agent+"/"+verb, body, nil)
		if status == http.StatusConflict {
			return nil
		}
		return err
	})
	if len(w.Faults) > 0 || ctx.Err() != nil {
		return nil
	}
	return err
}

// well finds every server there and at work.
func (w *world) well(ctx context.Context) error {
	var ready api.Readiness
	if _, err := w.queueappAPI(ctx, http.MethodGet, "/readyz", nil, &ready); err != nil {
		return err
	}
	if i := slices.IndexFunc(ready.Parts, func(p api.Part) bool { return !p.OK }); i >= 0 {
		return fmt.Errorf("%s: %s", ready.Parts[i].Name, ready.Parts[i].Why)
	}
	if ready.State != api.StateActive {
		return fmt.Errorf("queueapp is %s", ready.State)
	}
	return w.pair(ctx)
}

// pair finds the standby ready to take over, where there is one.
func (w *world) pair(ctx context.Context) error {
	standby := w.stack.Info().Standby
	if standby == nil {
		return nil
	}
	var ready api.Readiness
	if _, err := ask(ctx, http.MethodGet, standby.API+"/readyz", nil, nil, &ready); ready.State != api.StateStandby {
		return fmt.Errorf("the standby is %q: %w", ready.State, err)
	}
	return nil
}

// settleLimit is how long everything may take to be over when nobody calls any more: a fault may just have been undone,
// and a caller's deadline passes.
const settleLimit = 45 * time.Second

// settle waits until nothing is left of any call (DESIGN §6, 8), and says what is left all the same.
func (w *world) settle(ctx context.Context) (left []string, err error) {
	err = w.until(ctx, settleLimit, "every server", func() error { return w.well(ctx) })
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, settleLimit)
	defer cancel()
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for {
		left, err = w.left(ctx)
		if err == nil && len(left) == 0 {
			return nil, nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			if errors.Is(err, context.DeadlineExceeded) {
				err = nil
			}
			return left, err
		}
	}
}

// left lists what is still there.
func (w *world) left(ctx context.Context) (left []string, err error) {
	for _, c := range w.ua.Calls() {
		left = append(left, "at a phone: "+c.String())
	}
	var calls api.Calls
	if _, err := w.queueappAPI(ctx, http.MethodGet, "/v1/calls", nil, &calls); err != nil {
		return left, err
	}
	for _, c := range calls.Calls {
		left = append(left, fmt.Sprintf("on the floor: call %s, %s", c.Call, c.State))
	}
	for _, what := range []string{"channels", "bridges"} {
		ids, err := w.ari(ctx, what)
		if err != nil {
			return left, err
		}
		for _, id := range ids {
			left = append(left, fmt.Sprintf("in Asterisk's %s: %s", what, id))
		}
	}
	for x, c := range w.crms {
		for _, r := range c.Shown() {
			left = append(left, fmt.Sprintf("on the screen of %s: call %s, %s", x, r.ID, r.State))
		}
	}
	if len(left) > 0 {
		return left, nil // the tables are asked last, as it takes longest
	}
	open, err := w.tables.Leftovers(ctx, w.stack.Info().Floor)
	return append(left, open...), err
}

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	"ringside/cmd/queueapp/config"
	"ringside/queueapp/api"
)

var (
	errNotRunning = errors.New("queueapp is not running") // nobody listens where it should
	errToken      = errors.New("refuses the token")
)

// owner is the process that owns the floor, as its API shows it.
type owner struct {
	config config.Config
	token  string
	client http.Client
}

// owner finds the running queueapp by the configuration. It does not ask it yet.
func (a *app) owner() (*owner, error) {
	c, err := a.config("http")
	if err != nil {
		return nil, err
	}
	token, err := c.HTTP.Token.Read()
	if err != nil {
		return nil, fmt.Errorf("http.token_file: %w", err)
	}
	return &owner{config: c, token: token, client: http.Client{
		Timeout:       15 * time.Second,                 // a command may wait 10 s to be durable
		Transport:     &http.Transport{MaxIdleConns: 1}, // no proxy: the token goes to the owner alone
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

func (o *owner) close() { o.client.CloseIdleConnections() }

// get asks for v; raw is the answer as it came.
func (o *owner) get(ctx context.Context, path string, v any) (raw []byte, err error) {
	return o.do(ctx, http.MethodGet, path, nil, v)
}

// readiness asks without the token, as a probe does; the answer is the same whatever the state.
func (o *owner) readiness(ctx context.Context) (r api.Readiness, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, o.config.HTTP.URL()+"/readyz", nil)
	if err != nil {
		return r, err
	}
	resp, err := o.client.Do(req)
	if err != nil {
		return r, o.unreachable(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxAnswer)).Decode(&r); err != nil || r.State == "" {
		return r, o.stranger(resp)
	}
	return r, nil
}

func (o *owner) stranger(resp *http.Response) error {
	return fmt.Errorf("what answers on %s is not queueapp (%s): check [http] listen in %s", o.at(), resp.Status, o.config.File)
}

// post gives a command; v is nil where no answer is expected.
func (o *owner) post(ctx context.Context, path string, body, v any) error {
	_, err := o.do(ctx, http.MethodPost, path, body, v)
	return err
}

// maxAnswer is far more than a floor of 10 000 agents lists.
const maxAnswer = 64 << 20

func (o *owner) do(ctx context.Context, method, path string, body, v any) ([]byte, error) {
	var content io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		content = bytes.NewReader(b)
	}
	r, err := http.NewRequestWithContext(ctx, method, o.config.HTTP.URL()+path, content)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+o.token)
	r.Header.Set("Accept", "application/json")
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	resp, err := o.client.Do(r)
	if err != nil {
		return nil, o.unreachable(err)
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, o.unreachable(err)
	}
	return answer, o.understand(resp, answer, v)
}

// understand decodes an answer into v, or makes it an error that names the remedy.
func (o *owner) understand(resp *http.Response, answer []byte, v any) error {
	media, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";")
	switch {
	case resp.StatusCode == http.StatusNoContent:
		return nil
	case resp.StatusCode == http.StatusOK && media == "application/json" && v != nil:
		if err := json.Unmarshal(answer, v); err != nil {
			return fmt.Errorf("read the answer of %s: %w; is that queueapp of another version than this command?", o.at(), err)
		}
		return nil
	case media != "application/problem+json":
		return o.stranger(resp)
	}
	var p api.Problem
	if err := json.Unmarshal(answer, &p); err != nil {
		return fmt.Errorf("%s answered %s and an error that cannot be read: %w", o.at(), resp.Status, err)
	}
	return o.remedy(&p)
}

// remedy adds what only this side knows to the owner's no.
func (o *owner) remedy(p *api.Problem) error {
	switch {
	case p.Status == http.StatusUnauthorized:
		from := o.config.HTTP.Token.File()
		if from == "" {
			from = "QUEUEAPP_HTTP_TOKEN"
		}
		return fmt.Errorf("queueapp on %s %w of %s: it was started with another; restart it, or use its --config", o.at(), errToken, from)
	case p.Word() == string(api.StateStandby):
		return fmt.Errorf("queueapp on %s is a standby: another process owns the floor; run this where that one runs", o.at())
	default:
		return p
	}
}

func (o *owner) at() string { return strings.TrimPrefix(o.config.HTTP.URL(), "http://") }

func (o *owner) unreachable(err error) error {
	var timeout interface{ Timeout() bool }
	var inner *url.Error
	if errors.As(err, &inner) {
		err = inner.Err // without the method and the URL, which are said better
	}
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("%w on %s: start it (systemctl start queueapp), or check [http] listen in %s", errNotRunning, o.at(), o.config.File)
	case errors.As(err, &timeout) && timeout.Timeout():
		return fmt.Errorf("queueapp on %s does not answer: `queueapp doctor` tries what it stands on", o.at())
	default:
		return fmt.Errorf("ask queueapp on %s: %w", o.at(), err)
	}
}

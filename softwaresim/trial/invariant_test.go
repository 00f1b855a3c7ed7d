package trial

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"ringside/softwaresim/stack"
)

// settled waits until the floor and the switch hold no call any more (DESIGN §6, 8).
func (s *site) settled() {
	s.t.Helper()
	s.until("an empty floor", func() bool { return len(s.calls()) == 0 })
	s.until("switches without channels and bridges", func() bool {
		left := 0
		for _, at := range s.aris() {
			for _, what := range []string{"channels", "bridges"} {
				var list []any
				s.fromSwitch(at, what, &list)
				left += len(list)
			}
		}
		return left == 0
	})
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	var left []string
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		found, err := s.audit(ctx)
		switch {
		case err == nil && len(found) == 0:
			return
		case err == nil:
			left = found
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			s.t.Errorf("the floor did not settle: %s", strings.Join(left, "\n"))
			return
		}
	}
}

// invariants checks what the tables can prove.
func (s *site) invariants() {
	s.t.Helper()
	found, err := s.audit(s.ctx)
	s.must(err)
	for _, f := range found {
		s.t.Error(f)
	}
}

// audit says where the tables contradict the invariants, and did not yet when the trial began.
func (s *site) audit(ctx context.Context) ([]string, error) {
	found, err := s.memory.Audit(ctx, s.stack.Info().Floor, true)
	return slices.DeleteFunc(found, func(f string) bool { return slices.Contains(s.before, f) }), err
}

// ari lists what the first Asterisk holds.
func (s *site) ari(what string) (list []map[string]any) {
	s.t.Helper()
	s.fromARI(what, &list)
	return list
}

// aris are how to ask each of the stack's Asterisks.
func (s *site) aris() []stack.ARI {
	info := s.stack.Info()
	if len(info.Switches) == 0 {
		return []stack.ARI{info.ARI}
	}
	var all []stack.ARI
	for _, sw := range info.Switches {
		all = append(all, sw.ARI)
	}
	return all
}

// fromARI asks the first Asterisk itself.
func (s *site) fromARI(path string, into any) {
	s.t.Helper()
	s.fromSwitch(s.stack.Info().ARI, path, into)
}

// fromSwitch asks an Asterisk itself.
func (s *site) fromSwitch(a stack.ARI, path string, into any) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.ctx, http.MethodGet, fmt.Sprintf("%s/%s", a.URL, path), nil)
	s.must(err)
	r.SetBasicAuth(a.User, a.Password)
	resp, err := http.DefaultClient.Do(r)
	s.must(err)
	defer resp.Body.Close()
	s.must(json.NewDecoder(resp.Body).Decode(into))
}

package trial

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"ringside/softwaresim/phone"
)

// queueapp runs a command of queueapp's with the stack's configuration.
func (s *site) queueapp(args ...string) (string, error) {
	s.t.Helper()
	cmd := exec.CommandContext(s.ctx, filepath.Join(world.bin, "queueapp"), append([]string{"--config", s.stack.Info().Config}, args...)...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// plan puts the stack's floor plan in force with some texts replaced, each by the one behind it, and gives the stack its
// own back when the trial ends.
func (s *site) plan(replace ...string) {
	s.t.Helper()
	own, err := os.ReadFile(s.stack.Info().Floorplan)
	s.must(err)
	text := string(own)
	for i := 0; i < len(replace); i += 2 {
		if !strings.Contains(text, replace[i]) {
			s.t.Fatalf("the stack's floor plan does not hold %q any more", replace[i])
		}
		text = strings.ReplaceAll(text, replace[i], replace[i+1])
	}
	file := filepath.Join(s.t.TempDir(), "floorplan.toml")
	s.must(os.WriteFile(file, []byte(text), 0o600))
	s.t.Cleanup(func() { s.apply(s.stack.Info().Floorplan) })
	s.apply(file)
}

var appliedVersion = regexp.MustCompile(`is at version (\d+); (\d+) changes`)

// apply applies a floor plan and waits until it is in force.
func (s *site) apply(file string) {
	s.t.Helper()
	out, err := s.queueapp("apply", file)
	if err != nil {
		s.t.Fatalf("apply: %v\n%s", err, out)
	}
	found := appliedVersion.FindStringSubmatch(out)
	if found == nil {
		s.t.Fatalf("apply said %q", out)
	}
	if found[2] != "0" {
		s.until("floor plan "+found[1]+" in force", func() bool {
			return strings.Contains(s.log(1000), "floor plan in force") && strings.Contains(s.log(1000), "version="+found[1])
		})
	}
}

// dialplan gives Asterisk the trials' own extensions (testdata/extensions.conf) beside the stack's, unless it has them.
func (s *site) dialplan() {
	s.t.Helper()
	ours, err := os.ReadFile("testdata/extensions.conf")
	s.must(err)
	path := filepath.Join(s.stack.Dir(), "servers/asterisk/etc/extensions.conf")
	theirs, err := os.ReadFile(path)
	s.must(err)
	if bytes.Contains(theirs, ours) {
		return
	}
	s.must(os.WriteFile(path, slices.Concat(theirs, []byte("\n"), ours), 0))
	s.toSwitch(http.MethodPut, "asterisk/modules/pbx_config.so")
}

// toSwitch gives the first Asterisk an order.
func (s *site) toSwitch(method, path string) {
	s.t.Helper()
	a := s.stack.Info().ARI
	r, err := http.NewRequestWithContext(s.ctx, method, a.URL+"/"+path, nil)
	s.must(err)
	r.SetBasicAuth(a.User, a.Password)
	resp, err := http.DefaultClient.Do(r)
	s.must(err)
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusNoContent {
		s.t.Fatalf("%s %s: %s", method, path, resp.Status)
	}
}

// newSiteWithDialplan is newSite, with the trials' own extensions.
func newSiteWithDialplan(t *testing.T) *site {
	t.Helper()
	s := newSite(t)
	s.dialplan()
	return s
}

// callAs places a call from the trunk by somebody in particular.
func (s *site) callAs(from phone.Party, number string) *phone.Call {
	s.t.Helper()
	c, err := s.ua.Caller(from).Dial(s.ctx, number)
	s.must(err)
	return c
}

// global reads a global variable of Asterisk's.
func (s *site) global(name string) string {
	s.t.Helper()
	var v struct{ Value string }
	s.fromARI("asterisk/variable?variable="+url.QueryEscape(name), &v)
	return v.Value
}

// within bounds what a trial waits for where it can fail sooner than the trial's own limit.
func (s *site) within(d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(s.ctx, d)
	s.t.Cleanup(cancel)
	return ctx
}

// popUpTime is how long a pop-up may take to open, change or close after its CRM has logged in again.
const popUpTime = 5 * time.Second

// untilWithin is until, with a limit of its own, after which the trial has failed and goes on. It reports whether it came about.
func (s *site) untilWithin(d time.Duration, what string, ok func() bool) bool {
	s.t.Helper()
	ctx := s.within(d)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			s.t.Errorf("never came about: %s", what)
			return false
		}
	}
	return true
}

// hasUnsent reports whether an audit found records that are still to be sent.
func hasUnsent(found []string) bool {
	return slices.ContainsFunc(found, func(f string) bool { return strings.HasPrefix(f, "a record is to send") })
}

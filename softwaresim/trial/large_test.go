package trial

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"ringside/softwaresim/link"
	"ringside/softwaresim/stack"
	"ringside/store"
)

// large is a stack with several of everything, for the trials of ownership. The first of them starts it.
var large struct {
	once   sync.Once
	err    error
	stack  *stack.Stack
	memory *store.Store
}

// newLargeSite is newSite on the large stack.
func newLargeSite(t *testing.T) *site { return newLargeSiteFor(t, time.Minute) }

func newLargeSiteFor(t *testing.T, limit time.Duration) *site {
	t.Helper()
	large.once.Do(func() {
		large.stack, large.memory, large.err = beginStack(stack.Options{Standby: true, Switches: 2, SecondFloor: true})
	})
	if large.err != nil {
		t.Fatal(large.err)
	}
	return newSiteOf(t, limit, large.stack, large.memory)
}

// other is the queueapp that stands by when this one owns the floor.
func other(owner string) string {
	if owner == stack.Queueapp {
		return stack.Standby
	}
	return stack.Queueapp
}

// replace has the standby take the floor over, and waits until it gives calls away. It returns how long that took.
func (s *site) replace(owner string, kill func()) time.Duration {
	s.t.Helper()
	begun := time.Now()
	kill()
	s.must(s.stack.AwaitOwner(s.ctx, other(owner)))
	took := time.Since(begun)
	s.t.Logf("%s owned the floor %v after", other(owner), took.Round(time.Millisecond))
	return took
}

// tap carries ARI and writes down what was asked for. Its database can be cut off.
type tap struct {
	server   *httptest.Server
	database *link.Link

	mu    sync.Mutex
	asked []string
}

func newTap(t *testing.T, ari string) *tap {
	u, err := url.Parse(strings.TrimSuffix(ari, "/ari"))
	if err != nil {
		t.Fatal(err)
	}
	p := &tap{}
	carrier := httputil.NewSingleHostReverseProxy(u)
	carrier.ErrorHandler = func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) }
	p.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.asked = append(p.asked, r.Method+" "+r.URL.Path)
		p.mu.Unlock()
		carrier.ServeHTTP(w, r)
	}))
	t.Cleanup(p.server.Close)
	return p
}

// take returns what was asked for since the last time.
func (p *tap) take() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	asked := p.asked
	p.asked = nil
	return asked
}

// tapped has one of the two queueapps, which must be standing by, reach Asterisk and the database by a tap, until the trial
// ends.
func (s *site) tapped(server string) *tap {
	s.t.Helper()
	info := s.stack.Info()
	file := info.Standby.Config
	text, err := os.ReadFile(file)
	s.must(err)
	database, err := url.Parse(info.Postgres)
	s.must(err)
	p := newTap(s.t, info.ARI.URL)
	p.database, err = link.Listen(database.Host, link.Options{})
	s.must(err)
	s.t.Cleanup(func() { s.must(p.database.Close()) })
	changed := strings.NewReplacer(info.ARI.URL, p.server.URL+"/ari", database.Host, p.database.Addr()).Replace(string(text))
	s.must(os.WriteFile(file, []byte(changed), 0o600))
	s.must(s.stack.Restart(s.ctx, server))
	s.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := os.WriteFile(file, text, 0o600); err != nil {
			s.t.Error(err)
		}
		if err := s.stack.Restart(ctx, server); err != nil {
			s.t.Error(err)
		}
	})
	return p
}

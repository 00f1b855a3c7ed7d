package trial

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"
	"time"

	"ringside/softwaresim/phone"
	"ringside/softwaresim/stack"
	"ringside/softwaresim/watch"
)

// python is Debian's own: it has Debian's packages, which others that may come first in PATH have not.
const python = "/usr/bin/python3"

// needSlixmpp installs Debian's python3-slixmpp where it is missing.
func needSlixmpp(t *testing.T) {
	t.Helper()
	there := func() error { return exec.Command(python, "-c", "import slixmpp").Run() }
	if there() == nil {
		return
	}
	for _, args := range [][]string{
		{"update"}, {"install", "--yes", "--no-install-recommends", "python3", "python3-slixmpp"},
	} {
		cmd := exec.Command("apt-get", args...)
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("this trial needs the Debian package python3-slixmpp: apt-get %s: %v\n%s", args[0], err, out)
		}
	}
	if err := there(); err != nil {
		t.Fatalf("python3-slixmpp was installed, and %s cannot import it: %v", python, err)
	}
}

// said is what the CRM of testdata/crm.py says.
type said struct {
	Saw       string
	Why       string
	Node      string
	Doing     string
	Condition string
	Items     int
	Body      string

	ID        string
	Event     string
	State     string
	Seq       string
	Extension string
	Caller    map[string]string
	Customers []map[string]string
}

// pythonCRM is that CRM, running.
type pythonCRM struct {
	site *site
	in   io.WriteCloser
	feed watch.Feed[said]
	all  *watch.Watch[said]
}

func (s *site) pythonCRM(jid, password string) *pythonCRM {
	s.t.Helper()
	info := s.stack.Info()
	ctx, stop := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, python, "testdata/crm.py", jid+"/python", info.XMPP, info.CA, info.PubSub)
	cmd.Env = append(os.Environ(), "CRM_PASSWORD="+password)
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	in, err := cmd.StdinPipe()
	s.must(err)
	out, err := cmd.StdoutPipe()
	s.must(err)
	s.must(cmd.Start())
	c := &pythonCRM{site: s, in: in, feed: watch.Feed[said]{Keep: true}}
	c.all = c.feed.Watch()
	read := make(chan error, 1)
	go func() { read <- c.read(out) }()
	s.t.Cleanup(func() {
		_, err := io.WriteString(in, "quit\n")
		s.must(err)
		timer := time.AfterFunc(10*time.Second, stop)
		defer timer.Stop()
		defer stop()
		s.must(<-read)
		if err := cmd.Wait(); err != nil || s.t.Failed() {
			s.t.Logf("%s/python: %v\n%s", jid, err, complaints.String())
		}
	})
	c.saw("up")
	return c
}

func (c *pythonCRM) read(out io.Reader) error {
	defer c.feed.Finish()
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var s said
		if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
			return fmt.Errorf("%s: %w", lines.Text(), err)
		}
		c.feed.Publish(s)
	}
	return nil
}

// saw waits for the next thing of a kind that the CRM says.
func (c *pythonCRM) saw(what string) said {
	c.site.t.Helper()
	got, err := c.all.Next(c.site.ctx, func(s said) bool { return s.Saw == what || s.Saw == "failed" })
	if err != nil || got.Saw != what {
		c.site.t.Fatalf("the CRM never saw %s: %v; it said %+v", what, err, c.feed.Events())
	}
	return got
}

// asks has the CRM subscribe to a node or fetch what is kept there, and returns what came of it.
func (c *pythonCRM) asks(what, node string) said {
	c.site.t.Helper()
	_, err := fmt.Fprintln(c.in, what, node)
	c.site.must(err)
	got, err := c.all.Next(c.site.ctx, func(s said) bool {
		return s.Saw == "subscribed" || s.Saw == "fetched" || s.Saw == "refused" || s.Saw == "failed"
	})
	c.site.must(err)
	return got
}

// refused finds the CRM refused, whatever it asks for.
func (c *pythonCRM) refused(who, node string) {
	c.site.t.Helper()
	for _, what := range []string{"subscribe", "fetch"} {
		got := c.asks(what, node)
		switch got.Condition {
		case "forbidden", "not-allowed", "not-authorized", "registration-required":
		default:
			c.site.t.Errorf("%s may %s: %+v", who, what, got)
		}
	}
}

// A CRM by another library sees what a CRM is to see, and those see nothing who are to see nothing.
func TestACRMByAnotherLibrary(t *testing.T) {
	needSlixmpp(t)
	s := newSite(t)
	s.agent("1000", phone.AnswerThenHangup(100*time.Millisecond, 200*time.Millisecond))
	x := s.extension("1000")
	crm, mallory := s.pythonCRM(x.JID, x.JIDPassword), s.pythonCRM(stack.Stranger+"@localhost", s.stack.JIDPassword(stack.Stranger))
	if got := crm.asks("subscribe", "extension1000"); got.Saw != "subscribed" {
		t.Fatalf("user1 may not subscribe: %+v", got)
	}
	if got := crm.asks("fetch", "extension1000"); got.Condition != "feature-not-implemented" { // nothing is kept there
		t.Errorf("user1 fetches %+v", got)
	}
	mallory.refused("mallory", "extension1000")
	crm.refused("user1", "extension2000")

	call := s.callAs(newCaller(), "7000")
	for i, event := range []string{"offered", "answered", "ended"} {
		r := crm.saw("record")
		if r.Event != event || r.Node != "extension1000" || r.Extension != "1000" || r.Seq != fmt.Sprint(i+1) ||
			r.Caller["number"] != call.From().Number || len(r.Customers) != 1 || r.Customers[0]["name"] != "Company 1" ||
			r.Customers[0]["code"] != "1111" {
			t.Errorf("for %s the CRM saw %+v", event, r)
		}
	}
	_, err := call.AwaitEnd(s.ctx)
	s.must(err)

	s.post("/v1/agents/1000/logoff", nil)
	s.until("the node without its member", func() bool {
		return crm.asks("fetch", "extension1000").Condition != "feature-not-implemented"
	})
	crm.refused("who has logged off", "extension1000")
	for _, e := range mallory.feed.Events() {
		if e.Saw == "record" || e.Saw == "chat" {
			t.Errorf("mallory saw %+v", e)
		}
	}
}

package trial

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ringside/queueapp/record"
	"ringside/softwaresim/phone"
	"ringside/softwaresim/stack"
)

// looseLips collects what queueapp says, where, and finds the secrets in it.
type looseLips struct {
	s       *site
	secrets map[string]string // what it is, by what must not be seen
	said    map[string]string // by where it was said
}

// TestSecretsAreNowhereToBeSeen runs queueapp, logging all it can, and its commands, with links that work and links that do
// not, and looks for its passwords, its token and a customer's code in all that can be read of them.
func TestSecretsAreNowhereToBeSeen(t *testing.T) {
	s := newSiteFor(t, 90*time.Second)
	s.must(os.Setenv("QUEUEAPP_LOG_LEVEL", "debug"))
	t.Cleanup(func() {
		s.must(os.Unsetenv("QUEUEAPP_LOG_LEVEL"))
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second) // also where the trial ran out of time
		defer cancel()
		s.ctx = ctx
		s.restart()
	})
	logged := len(s.wholeLog())
	s.restart()
	l := newLooseLips(s)
	const code, wrong = "8374651290", "5748392016"
	call := s.secretCall(code, wrong)

	l.hear("the log", s.wholeLog()[logged:])
	for name := range map[string]string{code: "a customer's code", wrong: "a wrong code"} {
		if strings.Contains(l.said["the log"], name) {
			t.Errorf("the code %s stands in the log", name)
		}
	}
	for _, file := range []string{"cmdline", "environ"} {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", s.stack.Info().PIDs.Queueapp, file))
		s.must(err)
		l.hear(file, string(text))
	}
	l.hear("the metrics", s.metrics())
	for _, path := range []string{"/v1/agents", "/v1/queues", "/v1/calls", "/v1/queues/support/route", "/readyz", "/v1/calls/none", "/v1/none"} {
		l.hear(path, s.body(path))
	}
	for _, args := range []string{
		"version", "check-config", "default-config", "doctor", "doctor --json", "agents", "agents --json", "queues", "calls", "route support",
		"export", "migrate", "apply --dry-run " + s.stack.Info().Floorplan, "journal " + call, "call " + call + " show", "call none show",
		"agent 1000 pause", "agent 9999 ready", "customers import /dev/null", "nonsense", "--help",
	} {
		l.run(nil, strings.Fields(args)...)
	}
	l.wrongly()
	l.judge()
}

func newLooseLips(s *site) *looseLips {
	l := &looseLips{s: s, secrets: map[string]string{}, said: map[string]string{}}
	for _, name := range []string{"postgres", "xmpp", "token", "ari"} {
		text, err := os.ReadFile(filepath.Join(s.stack.Dir(), "secrets", name))
		s.must(err)
		secret := strings.TrimSpace(string(text))
		if len(secret) < 16 {
			s.t.Fatalf("the secret %s has %d characters", name, len(secret))
		}
		l.secrets[secret] = name
		l.secrets[base64.StdEncoding.EncodeToString([]byte("queueapp:"+secret))] = name + " as HTTP sends it"
		l.secrets[base64.StdEncoding.EncodeToString([]byte("\x00queueapp\x00"+secret))] = name + " as SASL sends it"
	}
	return l
}

// secretCall has a caller key in a wrong code and then one that is a customer's, and gives the call's id.
func (s *site) secretCall(code, wrong string) string {
	s.t.Helper()
	file := filepath.Join(s.t.TempDir(), "customers.csv")
	s.must(os.WriteFile(file, []byte("code,name\n"+code+",Secretive Ltd\n"), 0o600))
	out, err := s.queueapp("customers", "import", file)
	if err != nil {
		s.t.Fatal(out)
	}
	s.agent("1000", phone.AnswerAfter(0))
	crm := s.screen("1000").subscribed()
	call := s.callAs(newCaller(), "0000")
	s.must(call.AwaitAnswer(s.ctx))
	for _, keys := range []string{"1", wrong + "#", code + "#"} {
		s.must(call.Press(s.ctx, keys, phone.KeyTiming{}))
	}
	r := crm.saw(record.Answered)
	if len(r.Customers) != 1 || r.Customers[0].Code != code {
		s.t.Errorf("the CRM shows %+v", r.Customers)
	}
	s.must(call.Hangup(s.ctx))
	s.settled()
	return r.ID
}

func (s *site) wholeLog() string {
	s.t.Helper()
	text, err := os.ReadFile(s.stack.Log(stack.Queueapp))
	s.must(err)
	return string(text)
}

// body is what the API answers to a request with the token, whatever the status.
func (s *site) body(path string) string {
	s.t.Helper()
	err := s.get(path, nil)
	return fmt.Sprint(err)
}

func (l *looseLips) hear(where, text string) {
	if text == "" {
		l.s.t.Errorf("%s is empty", where)
	}
	l.said[where] += text
}

func (l *looseLips) run(env []string, args ...string) {
	l.s.t.Helper()
	cmd := exec.CommandContext(l.s.ctx, filepath.Join(world.bin, "queueapp"), append([]string{"--config", l.s.stack.Info().Config}, args...)...)
	cmd.Env = append(os.Environ(), env...)
	out, _ := cmd.CombinedOutput() // whether it succeeds is another trial's
	l.hear("queueapp "+strings.Join(args, " "), string(out))
}

// wrongly runs commands with a link that does not work, and secrets where they do not belong.
func (l *looseLips) wrongly() {
	var postgres, ari, token string
	for secret, name := range l.secrets {
		switch name {
		case "postgres":
			postgres = secret
		case "ari":
			ari = secret
		case "token":
			token = secret
		}
	}
	at, err := url.Parse(l.s.stack.Info().ARI.URL)
	l.s.must(err)
	at.User = url.UserPassword("queueapp", ari)
	for _, env := range []string{
		"QUEUEAPP_POSTGRES_DSN=postgres://queueapp:" + postgres + "@127.0.0.1:1/queueapp",
		"QUEUEAPP_POSTGRES_DSN=postgres://queueapp:" + postgres + "@127.0.0.1:port/queueapp",
		"QUEUEAPP_POSTGRES_DSN=postgres://queueapp:%" + postgres + "@127.0.0.1/queueapp",
		"QUEUEAPP_POSTGRES_DSN=host=127.0.0.1 port=1 password=" + postgres,
		"QUEUEAPP_POSTGRES_DSN=" + postgres,
		"QUEUEAPP_POSTGRES_PASSWORD_FILE=/dev/zero",
		"QUEUEAPP_SWITCH_URL=" + at.String(),
		"QUEUEAPP_SWITCH_URL=http://127.0.0.1:1/ari?api_key=queueapp:" + ari,
		"QUEUEAPP_SWITCH_USER=nobody",
		"QUEUEAPP_XMPP_JID=nobody@localhost",
		"QUEUEAPP_XMPP_ADDRESS=127.0.0.1:1",
		"QUEUEAPP_HTTP_TOKEN_FILE=/nowhere",
		"QUEUEAPP_HTTP_TOKEN=" + token + "\n",
	} {
		l.run([]string{env}, "doctor")
		l.run([]string{env}, "agents")
		l.run([]string{env}, "export")
	}
}

// judge finds every secret wherever it was said.
func (l *looseLips) judge() {
	l.s.t.Helper()
	for where, text := range l.said {
		for secret, name := range l.secrets {
			if at := strings.Index(text, secret); at >= 0 {
				l.s.t.Errorf("the secret %s stands in %s: …%.200s", name, where, text[max(0, at-60):])
			}
		}
	}
}

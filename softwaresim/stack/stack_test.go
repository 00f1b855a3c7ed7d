package stack

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if mode := os.Getenv("RINGSIDE_TEST_ROLE"); mode != "" {
		os.Exit(play(mode))
	}
	goleak.VerifyTestMain(m)
}

// start starts a stack for a test and stops it at the end.
func start(t *testing.T, opts Options) *Stack {
	t.Helper()
	opts.Unlisted = true
	s, err := Start(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s
}

// program is what a process runs, empty when it has gone.
func program(pid int) string {
	exe, err := os.Readlink(filepath.Join("/proc", itoa(pid), "exe"))
	if err != nil {
		return ""
	}
	return filepath.Base(exe)
}

func TestServersAnswer(t *testing.T) {
	s := start(t, Options{NoQueueapp: true})
	info := s.Info()

	t.Run("description", func(t *testing.T) {
		read, err := Load(s.Dir())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(info, read); diff != "" {
			t.Errorf("stack.json differs from Info (-Info +file):\n%s", diff)
		}
		for want, pid := range map[string]int{"asterisk": info.PIDs.Asterisk, "lua5.4": info.PIDs.Prosody, "postgres": info.PIDs.Postgres} {
			if got := program(pid); got != want {
				t.Errorf("pid %d runs %q, want %q itself", pid, got, want)
			}
		}
	})
	t.Run("database", func(t *testing.T) { testDatabase(t, s) })
	t.Run("chat", func(t *testing.T) { testChat(t, s) })
	t.Run("calls", func(t *testing.T) { testCalls(t, s) })
}

// A database is where a test takes its own from, and what is committed is safe.
func testDatabase(t *testing.T, s *Stack) {
	c, err := s.newCluster()
	if err != nil {
		t.Fatal(err)
	}
	ask := func(password, sql string) (string, error) {
		cmd := c.tool("psql", "-X", "-A", "-t", "-h", "127.0.0.1", "-p", itoa(s.ports.postgres), "-U", "queueapp", "-d", "queueapp", "-c", sql)
		cmd.Env = append(cmd.Env, "PGPASSWORD="+password)
		out, err := cmd.CombinedOutput()
		return strings.TrimSpace(string(out)), err
	}
	for sql, want := range map[string]string{
		"SHOW fsync":             "on",
		"SHOW full_page_writes":  "on",
		"CREATE DATABASE of_one": "CREATE DATABASE",
		"SELECT pg_catalog.pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'queueapp'": "queueapp",
	} {
		if got, err := ask(s.secrets.postgres, sql); err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", sql, got, err, want)
		}
	}
	if out, err := ask("wrong", "SELECT 1"); err == nil {
		t.Errorf("a wrong password was accepted: %s", out)
	}
}

func testChat(t *testing.T, s *Stack) {
	info := s.Info()
	intruder := dialXMPP(t, info)
	if !strings.Contains(intruder.features, "SCRAM-SHA-256") {
		t.Errorf("SCRAM-SHA-256 is not offered: %s", intruder.features)
	}
	if got := intruder.plain("user1", "wrong"); !strings.HasPrefix(got, "<failure") {
		t.Errorf("a wrong password was accepted: %s", got)
	}

	queueapp := newChatter(t, info, queueUser, s.JIDPassword(queueUser))
	user := newChatter(t, info, "user1", info.Extensions[0].JIDPassword)
	queueapp.until("from='user1@localhost/test'")
	user.until("from='queueapp@localhost/test'")

	stranger := newChatter(t, info, Stranger, s.JIDPassword(Stranger))
	if got := queueapp.createNode("extension1000"); !strings.Contains(got, "type='result'") {
		t.Errorf("queueapp may not create a node: %s", got)
	}
	for name, c := range map[string]*chatter{"an agent": user, "a stranger": stranger} {
		if got := c.createNode("other"); !strings.Contains(got, "type='error'") {
			t.Errorf("%s may create a node: %s", name, got)
		}
	}
}

func testCalls(t *testing.T, s *Stack) {
	info := s.Info()
	agent := newPhone(t, info.SIP, "1000")
	agent.register(info.Extensions[0].Password)

	for _, test := range []struct{ name, number string }{
		{"Asterisk's own queue rings the agent", info.Dial.Twin},
		{"without queueapp the fallback rings the agent", info.Dial.Queue},
		{"without queueapp the menu falls back too", info.Dial.IVR},
	} {
		t.Run(test.name, func(t *testing.T) {
			agent.t = t
			caller := newPhone(t, info.SIP, "5551234")
			caller.call(test.number)
			invite := agent.rung()
			if !strings.Contains(invite, "5551234") {
				t.Errorf("the agent is not shown the caller's number:\n%s", invite)
			}
			caller.giveUp()
			agent.cancelled(invite)
		})
	}
	t.Run("a caller who says to be 1000 must prove it", func(t *testing.T) {
		spoof := newPhone(t, info.SIP, "1000")
		for _, number := range []string{info.Dial.Queue, info.Dial.Logon} {
			spoof.call(number)
			if got := spoof.expect("SIP/2.0 4", "SIP/2.0 100"); !strings.HasPrefix(got, "SIP/2.0 401") {
				t.Errorf("%s: %s", number, got)
			}
		}
	})
	t.Run("the codes are not for callers", func(t *testing.T) {
		caller := newPhone(t, info.SIP, "5551234")
		for _, number := range []string{info.Dial.Logon, info.Dial.Logoff, "*72873*1", "1000"} {
			caller.call(number)
			if got := caller.expect("SIP/2.0 4", "SIP/2.0 100"); !strings.HasPrefix(got, "SIP/2.0 404") {
				t.Errorf("%s: %s", number, got)
			}
		}
	})
	t.Run("the dead man's switch frees a call", func(t *testing.T) {
		agent.t = t
		testDeadMan(t, s, agent)
	})
}

// Two stacks share nothing, and what one leaves behind is nothing.
func TestSideBySide(t *testing.T) {
	one := start(t, Options{Only: []string{Postgres, Asterisk}})
	two, err := Start(t.Context(), Options{Only: []string{Postgres, Asterisk}, Unlisted: true, Dir: filepath.Join(t.TempDir(), "two")})
	if err != nil {
		t.Fatal(err)
	}
	if one.Info().SIP == two.Info().SIP || one.ports.audioFirst == two.ports.audioFirst {
		t.Errorf("both stacks have the ports %s and %d", one.Info().SIP, one.ports.audioFirst)
	}
	gone := two.Info().PIDs
	if err := two.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, pid := range []int{gone.Postgres, gone.Asterisk} {
		if p := program(pid); p != "" {
			t.Errorf("%s still runs after Stop", p)
		}
	}
	for _, dir := range []string{two.Dir(), two.place.servers} {
		if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is still there after Stop: %v", dir, err)
		}
	}
	if err := one.asteriskReady(t.Context(), one.switches[0]); err != nil {
		t.Errorf("the other stack suffered: %v", err)
	}
}

func TestKeepAndDir(t *testing.T) {
	dir := t.TempDir()
	s := start(t, Options{Only: []string{Prosody}, Keep: true, Dir: dir})
	if _, err := Start(t.Context(), Options{Only: []string{Prosody}, Unlisted: true, Dir: dir}); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("a second stack in the same directory: %v", err)
	}
	if err := s.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(s.place.servers) })
	if log, err := os.ReadFile(s.Log(Prosody)); err != nil || !strings.Contains(string(log), "Shutdown complete") {
		t.Errorf("the log is not kept to its end: %v\n%s", err, log)
	}
}

func TestFaults(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	ended := make(chan string, 10)
	s := start(t, Options{Only: []string{Postgres, Prosody}, Report: func(line string) { ended <- line }})
	before := s.Info().PIDs.Prosody
	if err := s.Kill(ctx, Prosody); err != nil {
		t.Fatal(err)
	}
	if line := <-ended; line != "prosody ended (signal: killed)" {
		t.Errorf("reported: %q", line)
	}
	if err := s.Restart(ctx, Prosody); err != nil {
		t.Fatal(err)
	}
	after := s.Info().PIDs.Prosody
	if after == before || program(after) != "lua5.4" {
		t.Errorf("after a restart the pid is %d (%s), before %d", after, program(after), before)
	}
	if read, err := Load(s.Dir()); err != nil || read.PIDs.Prosody != after {
		t.Errorf("stack.json says %d after the restart: %v", read.PIDs.Prosody, err)
	}
	// A data directory outlives the server.
	if err := s.Restart(ctx, Postgres); err != nil {
		t.Fatal(err)
	}
	if err := s.Signal(Asterisk, os.Kill); err == nil {
		t.Error("a server that is not there took a signal")
	}
}

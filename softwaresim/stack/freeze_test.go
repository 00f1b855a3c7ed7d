package stack

import (
	"context"
	"testing"
	"time"
)

// A frozen server answers nobody, also not on the connections that it has, and goes on where it was.
func TestFreeze(t *testing.T) {
	s := start(t, Options{Only: []string{Postgres}})
	c, err := s.newCluster()
	if err != nil {
		t.Fatal(err)
	}
	session := c.tool("psql", "-X", "-A", "-t", "-h", "127.0.0.1", "-p", itoa(s.ports.postgres), "-U", "queueapp", "-d", "queueapp")
	session.Env = append(session.Env, "PGPASSWORD="+s.secrets.postgres)
	in, err := session.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := session.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := session.Start(); err != nil {
		t.Fatal(err)
	}
	answers := make(chan string)
	go func() { // ends with the session
		defer close(answers)
		b := make([]byte, 100)
		for {
			n, err := out.Read(b)
			if err != nil {
				return
			}
			answers <- string(b[:n])
		}
	}()
	ask := func() {
		if _, err := in.Write([]byte("SELECT 7;\n")); err != nil {
			t.Fatal(err)
		}
	}
	answered := func(within time.Duration) bool {
		select {
		case a := <-answers:
			return a == "7\n"
		case <-time.After(within):
			return false
		}
	}
	if ask(); !answered(10 * time.Second) {
		t.Fatal("no answer before")
	}
	if err := s.Freeze(Postgres); err != nil {
		t.Fatal(err)
	}
	if ask(); answered(100 * time.Millisecond) {
		t.Error("a frozen server answered")
	}
	if err := s.Thaw(Postgres); err != nil {
		t.Fatal(err)
	}
	if !answered(10 * time.Second) {
		t.Error("no answer afterwards")
	}
	if err := s.Freeze(Postgres); err != nil { // what is frozen can be stopped all the same
		t.Fatal(err)
	}
	in.Close()
	if err := s.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	for range answers {
	}
	_ = session.Wait() // it may tell that the server has gone
	for what, do := range map[string]func(string) error{"freeze": s.Freeze, "thaw": s.Thaw} {
		if do(Postgres) == nil {
			t.Errorf("%s of a server that is gone", what)
		}
	}
}

func TestParsePIDs(t *testing.T) {
	for stat, want := range map[string][2]int{
		"12 (postgres) S 7 12 12 0": {12, 7},
		"13 (a) (b) R) S 12 1 1":    {13, 12},
		"":                          {}, "14": {}, "14 (x)": {}, "x (y) S 1 1": {}, ") S 3 (": {},
	} {
		pid, parent, err := parsePIDs(stat)
		if pid != want[0] || parent != want[1] || (err == nil) != (pid != 0) {
			t.Errorf("%q: %d of %d, %v", stat, pid, parent, err)
		}
	}
}

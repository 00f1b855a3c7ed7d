package stack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/BurntSushi/toml"
	"github.com/coder/websocket"
)

func itoa(n int) string { return strconv.Itoa(n) }

// play makes this test program something else: the queueapp of a stack, or a
// program that starts a stack and is then killed.
func play(role string) int {
	var err error
	switch role {
	case "queueapp":
		err = playQueueapp(os.Args[1:])
	case "owner":
		err = playOwner()
	default:
		err = fmt.Errorf("no role %q", role)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// playQueueapp does what the stack counts on: every command leaves a line, and
// `run` answers when it is ready. What it is told by a file "refuse", it fails.
func playQueueapp(args []string) error {
	if len(args) < 3 || args[0] != "--config" {
		return fmt.Errorf("unexpected arguments %q", args)
	}
	var config struct {
		HTTP struct {
			Listen    string
			TokenFile string `toml:"token_file"`
		}
	}
	if _, err := toml.DecodeFile(args[1], &config); err != nil {
		return err
	}
	dir := filepath.Dir(args[1])
	commands, err := os.OpenFile(filepath.Join(dir, "logs/commands"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer commands.Close()
	say := func(line string) { fmt.Fprintln(commands, line) }
	say(strings.ReplaceAll(strings.Join(args[2:], " "), dir+"/", ""))
	if os.Getenv("RINGSIDE_TEST_REFUSE") == args[2] {
		return errors.New("the schema is from the future: update queueapp")
	}
	if args[2] != "run" {
		return nil
	}
	token, err := os.ReadFile(config.HTTP.TokenFile)
	if err != nil {
		return err
	}
	var mu sync.Mutex
	mux := http.NewServeMux()
	floor, err := os.OpenFile(filepath.Join(dir, "logs/floor"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	var owns atomic.Bool
	go func() { owns.Store(syscall.Flock(int(floor.Fd()), syscall.LOCK_EX) == nil) }() // ends with the program
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if !owns.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprintln(w, `{"state":"standby"}`)
			return
		}
		fmt.Fprintln(w, `{"state":"active"}`)
	})
	mux.HandleFunc("POST /v1/agents/{number}/logon", func(w http.ResponseWriter, r *http.Request) {
		var body struct{ Extension string }
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil || r.Header.Get("Authorization") != "Bearer "+strings.TrimSpace(string(token)) {
			http.Error(w, "no", http.StatusUnauthorized)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		say("logon " + r.PathValue("number") + " at " + body.Extension)
	})
	return http.ListenAndServe(config.HTTP.Listen, mux)
}

// playOwner starts a stack, says where, and waits to be killed.
func playOwner() error {
	s, err := Start(context.Background(), Options{Only: []string{Postgres, Prosody, Asterisk}, Unlisted: true})
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(os.Stdout, s.Dir()+"\n"+s.place.servers); err != nil {
		return err
	}
	select {}
}

// testProgram is this test program in a role.
func testProgram(t *testing.T, role string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), "RINGSIDE_TEST_ROLE="+role)
	return cmd
}

func TestQueueapp(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	t.Setenv("RINGSIDE_TEST_ROLE", "queueapp")
	s := start(t, Options{Only: []string{Queueapp}, Queueapp: testProgram(t, "queueapp").Path, Agents: 2})

	commands, err := os.ReadFile(s.place.path("logs/commands"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(commands)), "\n")
	if len(lines) != 6 {
		t.Fatalf("queueapp was told:\n%s", commands)
	}
	if got := strings.Join(lines[:4], "; "); got != "migrate; apply floorplan.toml; customers import customers.csv; run" {
		t.Errorf("queueapp was told: %s", got)
	}
	for _, want := range []string{"logon 3001 at 3001", "logon 3002 at 3002"} {
		if !strings.Contains(string(commands), want) {
			t.Errorf("missing: %s", want)
		}
	}

	before := s.Info().PIDs.Queueapp
	if err := s.Signal(Queueapp, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := s.WaitRestarted(ctx, Queueapp, before); err != nil {
		t.Fatal(err)
	}
	read, err := Load(s.Dir())
	if err != nil {
		t.Fatal(err)
	}
	if now := s.Info().PIDs.Queueapp; read.PIDs.Queueapp != now || now == before || now == 0 {
		t.Errorf("stack.json names pid %d, Info %d, before it was %d", read.PIDs.Queueapp, now, before)
	}
	if err := s.queueappReady(ctx, s.queueapps[0]); err != nil {
		t.Errorf("stack.json was written before queueapp was ready: %v", err)
	}
	if err := s.Restart(ctx, Queueapp); err != nil {
		t.Error(err)
	}
}

// stack.json says who owns the floor, and what it says holds for that one.
func TestStandby(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	t.Setenv("RINGSIDE_TEST_ROLE", "queueapp")
	s := start(t, Options{Only: []string{Queueapp}, Queueapp: testProgram(t, "queueapp").Path, Standby: true})
	before := s.Info()
	if before.Owner != Queueapp || before.PIDs.Standby == 0 || before.PIDs.Standby == before.PIDs.Queueapp {
		t.Errorf("at the start: owner %q, pids %+v", before.Owner, before.PIDs)
	}
	for _, dies := range []string{Queueapp, Standby} {
		was := s.Info()
		if err := s.Signal(dies, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		other := map[string]string{Queueapp: Standby, Standby: Queueapp}[dies]
		if err := s.AwaitOwner(ctx, other); err != nil {
			t.Fatal(err)
		}
		if err := s.WaitRestarted(ctx, dies, *was.PIDs.of(dies)); err != nil {
			t.Fatal(err)
		}
		read, err := Load(s.Dir())
		if err != nil {
			t.Fatal(err)
		}
		if read.Owner != other || read.API != was.Standby.API || read.Config != was.Standby.Config || read.Standby.API != was.API {
			t.Errorf("%s died: before %+v\nafter %+v", dies, was, read)
		}
		if err := get(ctx, read.API+"/readyz", nil); err != nil {
			t.Errorf("api is not the owner's: %v", err)
		}
	}
}

func TestFailureNamesServerLogAndRemedy(t *testing.T) {
	t.Setenv("RINGSIDE_TEST_ROLE", "queueapp")
	t.Setenv("RINGSIDE_TEST_REFUSE", "migrate")
	dir := filepath.Join(t.TempDir(), "stack")
	s, err := Start(t.Context(), Options{Only: []string{Queueapp}, Unlisted: true, Dir: dir, Queueapp: testProgram(t, "").Path})
	if err == nil {
		t.Error(s.Stop(t.Context()))
	}
	checkFailure(t, err, "queueapp:", "migrate: exit status 1", "| the schema is from the future", "--keep")
	if _, err := os.Stat(dir); err == nil {
		t.Error("the failed stack left its directory")
	}

	s = start(t, Options{Only: []string{Prosody}})
	for log, want := range map[string]string{
		"bind(): Address already in use":               "start the stack again",
		"could not write: No space left on device":     "free some disk space",
		"error while loading shared libraries: liblua": "install/root.sh",
	} {
		script := fmt.Sprintf("echo '%s'; exit 3", log)
		srv := &server{
			name: Prosody, log: filepath.Join(t.TempDir(), "log"), drop: syscall.SIGTERM,
			command: func() *exec.Cmd { return exec.Command("/bin/sh", "-c", script) },
			ready:   func(context.Context) error { return errors.New("no answer") },
		}
		checkFailure(t, s.launch(t.Context(), srv), "prosody:", "exit status 3", "| "+log, want)
	}
}

func checkFailure(t *testing.T, err error, wants ...string) {
	t.Helper()
	var failure *Failure
	if !errors.As(err, &failure) {
		t.Fatalf("not a Failure: %v", err)
	}
	for _, want := range wants {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in:\n%v", want, err)
		}
	}
}

// Killed outright, the owner of a stack leaves no process and no file.
func TestNoOrphans(t *testing.T) {
	owner := testProgram(t, "owner")
	out, err := owner.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	owner.Stderr = os.Stderr
	if err := owner.Start(); err != nil {
		t.Fatal(err)
	}
	var dir, servers string
	if _, err := fmt.Fscanln(out, &dir); err != nil {
		t.Fatal(errors.Join(err, owner.Wait()))
	}
	if _, err := fmt.Fscanln(out, &servers); err != nil {
		t.Fatal(err)
	}
	info, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	// One that hangs must not stay behind either.
	if err := syscall.Kill(info.PIDs.Prosody, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if err := owner.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = owner.Wait() // killed, as it should be
	deadline := time.Now().Add(20 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for left := "everything"; left != ""; <-tick.C {
		left = ""
		for _, pid := range []int{info.PIDs.Asterisk, info.PIDs.Prosody, info.PIDs.Postgres} {
			left += program(pid)
		}
		for _, path := range []string{dir, servers} {
			if _, err := os.Stat(path); err == nil {
				left += " " + path
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("left after the owner was killed: %s", left)
		}
	}
}

// testDeadMan takes a call into an application that then does nothing.
func testDeadMan(t *testing.T, s *Stack, agent *phone) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	info := s.Info()
	url := strings.Replace(info.ARI.URL, "http", "ws", 1) + "/events?app=" + info.ARI.App + "&api_key=" + info.ARI.User + ":" + info.ARI.Password
	app, _, err := websocket.Dial(ctx, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = app.CloseNow() }()
	caller := newPhone(t, info.SIP, "5551234")
	caller.call(info.Dial.Queue)
	var event struct {
		Type    string
		Args    []string
		Channel struct{ ID string }
	}
	for event.Type != "StasisStart" {
		_, data, err := app.Read(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(data, &event); err != nil {
			t.Fatal(err)
		}
	}
	if got := strings.Join(event.Args, ","); got != "queue,support,code=1111" {
		t.Errorf("the application was given %q", got)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost,
		info.ARI.URL+"/channels/"+event.Channel.ID+"/variable?variable=TIMEOUT(absolute)&value=1", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth(info.ARI.User, info.ARI.Password)
	if err := ask(req, http.StatusNoContent); err != nil {
		t.Fatal(err)
	}
	invite := agent.rung()
	caller.giveUp()
	agent.cancelled(invite)
}

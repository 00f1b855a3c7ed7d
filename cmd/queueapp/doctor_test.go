package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ringside/cmd/queueapp/config"
	"ringside/queueapp"
	"ringside/queueapp/engine"
	"ringside/softwaresim/stack"
	"ringside/store"
)

// command runs one command line in this process.
func command(t *testing.T, env config.Environment, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs strings.Builder
	code = run(t.Context(), args, terminal{stdout: &out, stderr: &errs, env: env})
	return code, out.String(), errs.String()
}

func TestTheDoctorSaysWhatItCannotTry(t *testing.T) {
	dir := t.TempDir()
	file, token := filepath.Join(dir, "queueapp.toml"), filepath.Join(dir, "http-token")
	for name, text := range map[string]string{
		file:  "[http]\nlisten = \"127.0.0.1:1\"\ntoken_file = \"http-token\"\n[xmpp]\nmode = \"never\"\n",
		token: "the token of the test\n",
	} {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	nobody, err := unusedAddress()
	if err != nil {
		t.Fatal(err)
	}
	code, out, _ := command(t, config.Environment{"QUEUEAPP_HTTP_LISTEN=" + nobody}, "--config", file, "doctor", "--json")
	var got struct {
		OK     bool
		Checks []check
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatalf("%q: %v", out, err)
	}
	if code != exitFailed || got.OK {
		t.Errorf("exit %d: %s", code, out)
	}
	for _, want := range []string{"xmpp.mode", "everybody can read", nobody + " is free", `"check":"postgres","ok":false,"found":"not tried`} {
		if !strings.Contains(out, want) {
			t.Errorf("%s does not say %q", out, want)
		}
	}
}

// TestTheOperatorsToolsOnRealServers is an administrator's first hour, in order, on a PostgreSQL, a Prosody and an Asterisk.
func TestTheOperatorsToolsOnRealServers(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	s, err := stack.Start(ctx, stack.Options{Only: []string{stack.Postgres, stack.Prosody, stack.Asterisk}, Unlisted: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Stop(context.WithoutCancel(ctx)); err != nil {
			t.Error(err)
		}
	}()
	info := s.Info()
	run := func(want int, says string, args ...string) {
		t.Helper()
		code, out, errs := command(t, nil, append([]string{"--config", info.Config}, args...)...)
		if code != want || !strings.Contains(out+errs, says) {
			t.Errorf("queueapp %s: exit %d, want %d and %q:\n%s%s", strings.Join(args, " "), code, want, says, out, errs)
		}
	}
	run(exitDone, "is right", "check-config")
	run(exitFailed, "queueapp migrate", "doctor")
	run(exitFailed, "queueapp migrate", "export")
	run(exitFailed, "queueapp migrate", "run")
	run(exitDone, "the tables are at version", "migrate")
	run(exitFailed, "queueapp apply", "doctor")
	run(exitDone, "were not applied", "apply", "--dry-run", info.Floorplan)
	run(exitFailed, "queueapp apply", "export")
	run(exitDone, "floor main is at version 1", "apply", info.Floorplan)
	run(exitDone, "at version 1; 0 changes", "apply", info.Floorplan)
	run(exitDone, "[queue.support]", "export")
	run(exitDone, "2 added", "customers", "import", filepath.Join(s.Dir(), "customers.csv"))
	run(exitDone, "0 added", "customers", "import", filepath.Join(s.Dir(), "customers.csv"))
	run(exitFailed, "nothing was imported", "customers", "import", info.Floorplan)
	run(exitDone, "✔ pubsub: a node was made, whitelisted and deleted", "doctor")
	_, out, _ := command(t, nil, "--config", info.Config, "doctor")
	t.Logf("a floor that is well:\n%s", out)
	story := tellAStory(ctx, t, info.Postgres)
	_, out, _ = command(t, nil, "--config", info.Config, "journal", story)
	t.Logf("a call's story:\n%s", out)
	for _, line := range []string{"c1 is call " + story, "enter c1 support", "Company 1", "ring c1.1 1000 for 20s", "leave c1 support answered"} {
		if !strings.Contains(out, line) {
			t.Errorf("the story does not say %q", line)
		}
	}
	run(exitDone, "c1 is call "+story, "journal", story[:13])
	run(exitFailed, "no call begins so", "journal", "fffff")
	run(exitFailed, "is no begin of a call's id", "journal", "' OR 1=1")
	run(exitFailed, "the journal has nothing of it", "journal", "01920000-0000-7000-8000-000000000001")
	run(exitFailed, "queueapp is not running", "agents")

	for env, says := range map[string]string{
		"QUEUEAPP_POSTGRES_PASSWORD=wrong":           "✘ postgres",
		"QUEUEAPP_XMPP_PASSWORD=wrong":               "✘ xmpp",
		"QUEUEAPP_XMPP_PUBSUB=nowhere.localhost":     "✘ pubsub",
		"QUEUEAPP_SWITCH_PASSWORD=wrong":             "✘ switch main, log in",
		"QUEUEAPP_SWITCH_URL=http://127.0.0.1:1/ari": "✘ switch main, log in",
	} {
		begin := time.Now()
		code, out, _ := command(t, config.Environment{env}, "--config", info.Config, "doctor")
		t.Logf("%s, after %v:\n%s", env, time.Since(begin), out)
		if code != exitFailed || strings.Count(out, "✘") != 1 || !strings.Contains(out, says) || strings.Contains(out, "wrong\n") {
			t.Errorf("%s: exit %d, want one ✘, %q:\n%s", env, code, says, out)
		}
	}

	fromTheFuture(ctx, t, info.Postgres)
	for _, command := range []string{"run", "doctor", "migrate", "export"} {
		run(exitFailed, "upgrade queueapp to the release that migrated them", command)
	}
}

// fromTheFuture makes the tables those of a later release.
func fromTheFuture(ctx context.Context, t *testing.T, address string) {
	t.Helper()
	db, err := sql.Open("pgx", address)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, "INSERT INTO queueapp.schema_version (version_id, is_applied) VALUES (99999, true)"); err != nil {
		t.Fatal(err)
	}
}

// tellAStory writes a call into the journal, as the floor's owner does, and returns its id.
func tellAStory(ctx context.Context, t *testing.T, address string) string {
	t.Helper()
	s, err := store.Open(store.Config{Address: address})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	owner, err := s.Own(ctx, "main", nil)
	if err != nil {
		t.Fatal(err)
	}
	plan, _, err := owner.Plan(ctx)
	if err != nil {
		t.Fatal(err)
	}
	call, at := newCallID(), time.Now().UTC().Truncate(time.Microsecond)
	first := queueapp.AttemptID{Call: call, N: 1}
	floor, batch := queueapp.NewFloor(), engine.Batch{}
	for n, e := range []queueapp.Event{
		queueapp.Apply{Plan: plan.Floor},
		queueapp.LogOn{Agent: "1000"},
		queueapp.Enter{
			Call: call, Queue: "support", Entry: 1, Timeout: time.Minute, Switch: "main", Channel: "1700000000.1",
			Caller: queueapp.Caller{Number: "555"}, Customers: []queueapp.Customer{{ID: "1", Code: "1111", Match: queueapp.MatchCode, Name: "Company 1"}},
		},
		queueapp.Offered{Attempt: first, Publish: queueapp.PublishOK},
		queueapp.Up{Attempt: first},
		queueapp.Connected{Attempt: first},
		queueapp.Ended{Attempt: first, Cause: queueapp.EndHangup, Q850: 16},
	} {
		now := at.Add(time.Duration(n) * 1500 * time.Millisecond)
		batch.Steps = append(batch.Steps, queueapp.Step{N: int64(n + 1), At: now, Event: e, Effects: floor.Handle(now, e)})
	}
	if err := owner.Commit(ctx, batch); err != nil {
		t.Fatal(err)
	}
	if err := owner.Release(ctx); err != nil {
		t.Fatal(err)
	}
	return string(call)
}

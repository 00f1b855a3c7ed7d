package stasis

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ringside/softwaresim/phone"
)

// testCheck looks at an Asterisk as `queueapp doctor` does.
func testCheck(t *testing.T, x *exchange) {
	look := func(change func(*Config), sounds ...string) map[string]Finding {
		c := x.config(t)
		change(&c)
		found := map[string]Finding{}
		for _, f := range Check(t.Context(), c, sounds) {
			t.Logf("%-12s %s | %v | %s", f.Name, f.Detail, f.Err, f.Remedy)
			if f.Err != nil && f.Remedy == "" {
				t.Errorf("%s: %v, and no remedy", f.Name, f.Err)
			}
			if strings.Contains(f.Detail+f.Remedy, x.Info().ARI.Password) || f.Err != nil && strings.Contains(f.Err.Error(), x.Info().ARI.Password) {
				t.Errorf("%s shows the password", f.Name)
			}
			found[f.Name] = f
		}
		return found
	}
	same := func(*Config) {}
	for name, f := range look(same, "ringside/menu") {
		if f.Err != nil {
			t.Errorf("%s: %v", name, f.Err)
		}
	}
	if f := look(same, "ringside/menu", "ringside/none")["sounds"]; f.Err == nil || !strings.Contains(f.Err.Error(), "ringside/none") {
		t.Errorf("a missing sound: %+v", f)
	}
	if f := CheckRecording(t.Context(), x.config(t), []string{"wav", "gsm"}); f.Err != nil {
		t.Errorf("recordings: %+v", f)
	}
	if f := CheckRecording(t.Context(), x.config(t), []string{"wav", "none"}); f.Err == nil || !strings.Contains(f.Remedy, "none") {
		t.Errorf("no file format: %+v", f)
	}
	dir := filepath.Join(x.Dir(), "servers/asterisk/spool/recording")
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if err := os.Rename(dir, dir+"-away"); err != nil {
		t.Fatal(err)
	}
	if f := CheckRecording(t.Context(), x.config(t), []string{"wav"}); f.Err == nil || !strings.Contains(f.Remedy, "spool") {
		t.Errorf("no directory: %+v", f)
	}
	if err := os.Rename(dir+"-away", dir); err != nil {
		t.Fatal(err)
	}
	if f := look(func(c *Config) { c.Password = "wrong" })["log in"]; f.Err == nil || !strings.Contains(f.Remedy, "ari.conf") {
		t.Errorf("a wrong password: %+v", f)
	}
	if f := look(func(c *Config) { c.URL = strings.Replace(c.URL, "/ari", "/nothing", 1) })["log in"]; f.Err == nil {
		t.Errorf("a wrong path: %+v", f)
	}
	dead, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dead.Close()
	if f := look(func(c *Config) { c.URL = "http://" + dead.Addr().String() + "/ari" })["log in"]; f.Err == nil {
		t.Errorf("nobody there: %+v", f)
	}
	mute, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer mute.Close()
	deaf := func(c *Config) {
		c.URL, c.Timing.Request = "http://"+mute.Addr().String()+"/ari", 200*time.Millisecond
	}
	if f := look(deaf)["log in"]; f.Err == nil || !strings.Contains(f.Remedy, "does not answer") {
		t.Errorf("somebody who does not answer: %+v", f)
	}

	r := x.connect(t)
	if f := look(same)["application"]; !strings.Contains(f.Detail, "websocket") {
		t.Errorf("with a websocket open: %+v", f)
	}
	x.phone(t, "1000", phone.NeverAnswer())
	_, ch := x.dial(t, r, x.Info().Dial.Queue)
	r.stop()
	if f := look(same)["application"]; !strings.Contains(f.Detail, "calls (1)") {
		t.Errorf("with a call left over: %+v", f)
	}
	next := x.connect(t)
	next.HangUp(ch.ID, "normal")
	next.empty(t)
}

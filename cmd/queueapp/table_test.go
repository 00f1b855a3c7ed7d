package main

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"ringside/cmd/queueapp/config"
)

func TestColumnsStandUnderEachOther(t *testing.T) {
	tab := table{head: []string{"A", "LONG HEAD", "C"}}
	tab.add(plain, "Zoë", "x", "1")
	tab.add(red, "a", "", "2\n3")
	want := "A    LONG HEAD  C\nZoë  x          1\na               2·3\n"
	if diff := cmp.Diff(want, tab.String(false)); diff != "" {
		t.Error(diff)
	}
	if text := tab.String(true); !strings.Contains(text, "\x1b[31ma               2·3\x1b[0m\n") {
		t.Errorf("%q", text)
	}
	if got := (table{empty: "no calls"}).String(false); got != "no calls\n" {
		t.Errorf("%q", got)
	}
}

func TestLengthsOfTime(t *testing.T) {
	begin := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	for d, want := range map[time.Duration]string{
		-time.Second: "0s", 0: "0s", 59*time.Second + 499*time.Millisecond: "59s", 59*time.Second + 500*time.Millisecond: "1m00s",
		245 * time.Second: "4m05s", 131 * time.Minute: "2h11m",
	} {
		if got := ago(begin, begin.Add(d)); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
}

// FuzzClean holds that no text moves the cursor, turns the line round, or makes a cell longer than it may be.
func FuzzClean(f *testing.F) {
	for _, seed := range []string{"", "Ana", "\x1b[2J", "\u202e\u200b\ufeff", "a\xffb", strings.Repeat("é", 300), "\u0085\u2028\x7f", "😀"} {
		f.Add(seed, 20)
	}
	f.Fuzz(func(t *testing.T, s string, most int) {
		if most < 1 || most > 1000 {
			return
		}
		got := clean(s, most)
		if !utf8.ValidString(got) || utf8.RuneCountInString(got) > most+1 {
			t.Errorf("%q became %q", s, got)
		}
		if strings.ContainsAny(got, "\x1b\n\r\t\u202e\u202d\u200b\u0085\u2028\u2029\x7f\u009b") {
			t.Errorf("%q became %q", s, got)
		}
		if again := clean(got, most+1); again != got {
			t.Errorf("%q is cleaned again to %q", got, again)
		}
	})
}

func TestColoursAreForTerminalsOnly(t *testing.T) {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = null.Close() }()
	if isTerminal(null) || isTerminal(&strings.Builder{}) {
		t.Error("/dev/null is no terminal")
	}
	terminalFile, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = terminalFile.Close() }()
	for env, want := range map[string]bool{"": true, "NO_COLOR=": true, "NO_COLOR=1": false, "TERM=dumb": false} { //nolint:misspell // no-color.org spells it so
		a := app{terminal: terminal{stdout: terminalFile, env: config.Environment{env}}}
		if got := a.colours(); got != want {
			t.Errorf("%q: colours %v", env, got)
		}
	}
}

func TestSystemdIsTold(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "notify")
	l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	env := config.Environment{"NOTIFY_SOCKET=" + socket, "WATCHDOG_USEC=4000000"}
	for _, state := range []string{systemdReady, systemdWatchdog, systemdReloading, systemdStopping} {
		if err := notifySystemd(env, state); err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 100)
		n, err := l.Read(b)
		if err != nil || string(b[:n]) != state {
			t.Errorf("%q, %v", b[:n], err)
		}
	}
	if every := watchdogEvery(env); every != 2*time.Second {
		t.Errorf("watchdog every %v", every)
	}
	for _, none := range []config.Environment{nil, {"WATCHDOG_USEC=x"}, {"WATCHDOG_USEC=-1"}, {"NOTIFY_SOCKET="}} {
		if err := notifySystemd(none, systemdReady); err != nil || watchdogEvery(none) != 0 {
			t.Errorf("%q: %v, %v", none, err, watchdogEvery(none))
		}
	}
	if err := notifySystemd(config.Environment{"NOTIFY_SOCKET=/nowhere/at/all"}, systemdReady); err == nil {
		t.Error("a socket that is not there took it")
	}
}

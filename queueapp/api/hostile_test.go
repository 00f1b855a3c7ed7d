package api

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// raw opens a connection to a server that serve started.
func raw(t *testing.T, c *http.Client) net.Conn {
	t.Helper()
	conn, err := c.Transport.(*http.Transport).DialContext(t.Context(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func say(t *testing.T, conn net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
}

// Who sends slowly, or nothing, does not keep a connection.
func TestWhoIsSlowIsCutOff(t *testing.T) {
	whole := "GET /healthz HTTP/1.1\r\nHost: floor\r\n\r\n"
	for name, c := range map[string]struct {
		text   string
		answer bool // one comes, whatever it says
		within time.Duration
	}{
		"nothing":        {"", false, 6 * time.Second},
		"half a header":  {"GET /healthz HTTP/1.1\r\nHost: fl", false, 6 * time.Second},
		"half a body":    {"POST /v1/release HTTP/1.1\r\nHost: floor\r\nAuthorization: Bearer " + token + "\r\nContent-Length: 9\r\n\r\n{", true, 11 * time.Second},
		"nothing more":   {whole, true, 61 * time.Second},
		"a pipe, slowly": {whole + "GET /", true, 11 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, _ := serve(t, newServer(newSmallFloor()))
				conn := raw(t, client)
				begin := time.Now()
				say(t, conn, c.text)
				got, err := io.ReadAll(conn)
				if err != nil || c.answer != strings.HasPrefix(string(got), "HTTP/1.1 ") {
					t.Errorf("%q, %v", got, err)
				}
				if took := time.Since(begin); took > c.within {
					t.Errorf("cut off after %v", took)
				}
			})
		})
	}
}

// Requests that are too large are refused before they are read.
func TestWhatIsTooLargeIsRefused(t *testing.T) {
	const authorised = "Authorization: Bearer " + token + "\r\n"
	for name, c := range map[string]struct {
		text   string
		status int
	}{
		"a header":       {"GET /healthz HTTP/1.1\r\nHost: floor\r\nX: " + strings.Repeat("x", 32<<10) + "\r\n\r\n", http.StatusRequestHeaderFieldsTooLarge},
		"many headers":   {"GET /healthz HTTP/1.1\r\nHost: floor\r\n" + strings.Repeat("X: x\r\n", 8<<10) + "\r\n", http.StatusRequestHeaderFieldsTooLarge},
		"a path":         {"GET /" + strings.Repeat("x", 64<<10) + " HTTP/1.1\r\nHost: floor\r\n\r\n", http.StatusRequestHeaderFieldsTooLarge},
		"a body":         {"POST /v1/agents/1000/logon HTTP/1.1\r\nHost: floor\r\n" + authorised + "Content-Length: 1000000000\r\n\r\n" + `{"extension":"` + strings.Repeat("x", 5<<10), http.StatusRequestEntityTooLarge},
		"without a host": {"GET /healthz HTTP/1.1\r\n\r\n", http.StatusBadRequest},
		"two lengths":    {"POST /v1/release HTTP/1.1\r\nHost: floor\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}", http.StatusBadRequest},
		"smuggled":       {"GET /healthz HTTP/1.1\r\nHost: floor\r\nX: a\x00b\r\n\r\n", http.StatusBadRequest},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, _ := serve(t, newServer(newSmallFloor()))
				conn := raw(t, client)
				go func() { _, _ = io.WriteString(conn, c.text) }() // the rest of it nobody reads; ends with the connection
				resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
				if err != nil {
					t.Fatal(err)
				}
				if resp.StatusCode != c.status {
					t.Errorf("status %s, want %d", resp.Status, c.status)
				}
			})
		})
	}
}

// What a request says comes into no log line's place, and no token into the log.
func TestRequestsInTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		s := newServer(newSmallFloor())
		s.log = slog.New(slog.NewTextHandler(&log, nil))
		client, _ := serve(t, s)
		conn := raw(t, client)
		const guess = "a-token-that-is-not-ours"
		say(t, conn, fmt.Sprintf("GET /v1/agents%%0alevel=INFO?token=%s HTTP/1.1\r\nHost: floor\r\nAuthorization: Bearer %s\r\nConnection: close\r\n\r\n", guess, guess))
		if _, err := io.ReadAll(conn); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if text := log.String(); strings.Count(text, "\n") != 1 || strings.Contains(text, guess) || !strings.Contains(text, "status=401") {
			t.Errorf("logged %q", text)
		}
	})
}

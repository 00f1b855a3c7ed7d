package store_test

import (
	"bytes"
	"net"
	"strconv"
	"strings"
	"testing"

	"ringside/softwaresim/link"
	"ringside/store/postgres"
)

// over puts a link before the server at address, and gives the address that leads over it.
func over(t *testing.T, address string, options link.Options) (*link.Link, string) {
	t.Helper()
	config, err := postgres.Parse(address, "")
	if err != nil {
		t.Fatal(err)
	}
	server := net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port)))
	l, err := link.Listen(server, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	if strings.Contains(address, "://") {
		return l, strings.Replace(address, server, l.Addr(), 1)
	}
	host, port, err := net.SplitHostPort(l.Addr())
	if err != nil {
		t.Fatal(err)
	}
	return l, address + " host=" + host + " port=" + port
}

// otherNumber changes the process number in the message BackendKeyData, as a pooler's is another one than the
// backend's: 'K', its length, the number, the secret.
func otherNumber(b []byte) {
	if i := bytes.Index(b, []byte{'K', 0, 0, 0, 12}); i >= 0 && i+9 <= len(b) {
		b[i+8] ^= 1
	}
}

package stack

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"time"
)

// maxSaid bounds what is read of what a command of Asterisk's says.
const maxSaid = 1 << 20

// CLI gives the first Asterisk a command of its command line, by its control socket, as `asterisk -rx` does, and returns
// what that says. Of a command that failed only its words tell.
func (s *Stack) CLI(ctx context.Context, command string) (string, error) {
	said, err := s.tell(ctx, command)
	if err != nil {
		return "", fmt.Errorf("tell Asterisk %q: %w", command, err)
	}
	_, said, _ = bytes.Cut(said, []byte("\n")) // who it is
	return string(bytes.ReplaceAll(said, []byte{0}, nil)), nil
}

func (s *Stack) tell(ctx context.Context, command string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	s.telling.Lock() // its socket takes few at a time
	defer s.telling.Unlock()
	socket := filepath.Join(s.place.servers, Asterisk, "run", "asterisk.ctl")
	conn, err := new(net.Dialer).DialContext(ctx, "unix", socket)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	if _, err := io.WriteString(conn, "cli quit after "+command+"\x00"); err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(conn, maxSaid))
}

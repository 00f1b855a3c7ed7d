package stack

import (
	"net"
	"strconv"

	"ringside/softwaresim/link"
)

// Link returns the link between queueapp and a server, Asterisk (its ARI),
// Prosody or Postgres, to cut, hang or slow it. It is nil unless Options.Links
// names the server. The stack closes it.
func (s *Stack) Link(server string) *link.Link { return s.links[server] }

func (s *Stack) placeLinks() error {
	for _, server := range s.opts.Links {
		l, err := link.Listen(s.direct(server), link.Options{})
		if err != nil {
			return err
		}
		s.links[server] = l
	}
	return nil
}

// direct is where a server listens, host:port.
func (s *Stack) direct(server string) string {
	local := func(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
	switch server {
	case Asterisk:
		return local(s.ports.ari)
	case AsteriskB:
		return local(s.ports.ariB)
	case Prosody:
		return s.info.XMPP
	default:
		return local(s.ports.postgres)
	}
}

// reach is where queueapp finds a server, host:port.
func (s *Stack) reach(server string) string {
	if l := s.links[server]; l != nil {
		return l.Addr()
	}
	return s.direct(server)
}

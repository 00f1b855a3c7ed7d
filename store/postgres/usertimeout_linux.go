package postgres

import "syscall"

// tcpUserTimeout is TCP_USER_TIMEOUT of linux/tcp.h, which package syscall does not name.
const tcpUserTimeout = 18

// giveUp makes a connection fail when what was sent stays unacknowledged for ms: keep-alives are not sent meanwhile, and
// the system itself would try for a quarter of an hour.
func giveUp(ms int) func(network, address string, c syscall.RawConn) error {
	return func(network, _ string, c syscall.RawConn) error {
		if network == "unix" {
			return nil
		}
		var set error
		err := c.Control(func(fd uintptr) { set = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpUserTimeout, ms) })
		if err != nil {
			return err
		}
		return set
	}
}

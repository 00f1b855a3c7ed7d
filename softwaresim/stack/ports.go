package stack

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// Ports are taken from below the kernel's ephemeral range (32768), in blocks, so
// that stacks side by side cannot race for one: a lock file stands for each
// block of 100 ports for servers and 1000 for audio.
const (
	blocks      = 20
	serverPorts = 10000
	serverBlock = 100
	audioPorts  = 12000
	audioBlock  = 1000
	// Two legs a call, two ports a leg, and room for who waits: a block more for
	// every 125 agents.
	agentsPerBlock = 125
)

// ports are a stack's own, until released.
type ports struct {
	locks    []*os.File
	unlisted bool
	bind     string
	next     int // next server port to try
	end      int

	sip, ari, xmpp, http, postgres, api, standby, sipB, ariB, upstairs int

	audioFirst, audioLast int
}

// shareDir is where the stacks of one user know of each other.
func shareDir() string {
	return filepath.Join(os.TempDir(), "ringside-"+strconv.Itoa(os.Getuid()))
}

// makeShareDir refuses a directory that somebody else put there first: what it
// says is believed.
func makeShareDir() (string, error) {
	dir := shareDir()
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return "", fmt.Errorf("reserve ports: %w", err)
	}
	stat, err := os.Lstat(dir)
	if err != nil {
		return "", fmt.Errorf("reserve ports: %w", err)
	}
	owner, ok := stat.Sys().(*syscall.Stat_t)
	if !ok || !stat.IsDir() || int(owner.Uid) != os.Getuid() {
		return "", fmt.Errorf("reserve ports: %s belongs to somebody else: remove it, or set TMPDIR", dir)
	}
	return dir, nil
}

func reservePorts(opts Options) (_ *ports, err error) {
	dir, err := makeShareDir()
	if err != nil {
		return nil, err
	}
	want := 1
	if opts.wants(Asterisk) {
		want = 2 + opts.Agents/agentsPerBlock
	}
	p := &ports{bind: opts.Bind, unlisted: opts.Unlisted}
	first, err := p.lock(dir, want)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.release())
		}
	}()
	p.next, p.end = serverPorts+first*serverBlock, serverPorts+(first+want)*serverBlock
	p.audioFirst, p.audioLast = audioPorts+first*audioBlock, audioPorts+(first+want)*audioBlock-1
	for _, port := range []*int{
		&p.sip, &p.ari, &p.xmpp, &p.http, &p.postgres, &p.api, &p.standby, &p.sipB, &p.ariB, &p.upstairs,
	} {
		if *port, err = p.free(); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// lock takes want blocks in a row and returns the first one's number.
func (p *ports) lock(dir string, want int) (int, error) {
	for i := range blocks {
		f, err := os.OpenFile(filepath.Join(dir, fmt.Sprintf("block-%02d.lock", i)), os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return 0, errors.Join(fmt.Errorf("reserve ports: %w", err), p.release())
		}
		if syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
			f.Close()
			if err := p.release(); err != nil {
				return 0, err
			}
			continue
		}
		p.locks = append(p.locks, f)
		if err := f.Truncate(0); err != nil { // a dead stack's announcement
			return 0, errors.Join(fmt.Errorf("reserve ports: %w", err), p.release())
		}
		if len(p.locks) == want {
			return i + 1 - want, nil
		}
	}
	return 0, errors.Join(errors.New("reserve ports: too many stacks run at once: end one"), p.release())
}

// free returns the next port of the block that nothing listens on.
func (p *ports) free() (int, error) {
	for ; p.next < p.end; p.next++ {
		if available(p.bind, p.next) && available("127.0.0.1", p.next) {
			p.next++
			return p.next - 1, nil
		}
	}
	return 0, fmt.Errorf("reserve ports: none is free up to %d: end what listens there", p.end-1)
}

func available(host string, port int) bool {
	addr := net.JoinHostPort(host, strconv.Itoa(port))
	tcp, err := net.Listen("tcp4", addr)
	if err != nil {
		return false
	}
	tcp.Close()
	udp, err := net.ListenPacket("udp4", addr)
	if err != nil {
		return false
	}
	udp.Close()
	return true
}

// announce makes the stack in dir known to Find.
func (p *ports) announce(dir string) error {
	if p.unlisted {
		return nil
	}
	if _, err := p.locks[0].WriteAt([]byte(dir), 0); err != nil {
		return fmt.Errorf("announce the stack: %w", err)
	}
	return nil
}

// release gives the ports back. The lock files stay: removing one that another
// stack has just opened would let two of them hold the same block.
func (p *ports) release() error {
	var errs []error
	for _, f := range p.locks {
		errs = append(errs, f.Truncate(0), f.Close())
	}
	p.locks = nil
	return errors.Join(errs...)
}

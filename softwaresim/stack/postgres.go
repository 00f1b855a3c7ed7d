package stack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// inRoot makes a command that runs beneath the private root under a user of its
// own. The child changes root and user itself, so its pid is the server's.
func (p *place) inRoot(user account, path string, args ...string) *exec.Cmd {
	cmd := exec.Command(path, args...)
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "TZ=UTC", "HOME=/nonexistent"}
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Chroot:     p.root,
		Credential: &syscall.Credential{Uid: user.uid, Gid: user.gid},
		// Out of the terminal's reach: Ctrl-C is answered by Stop, in order.
		Setpgid:   true,
		Pdeathsig: syscall.SIGTERM,
	}
	return cmd
}

// A cluster is the stack's PostgreSQL.
type cluster struct {
	place *place
	user  account
	bin   string // directory, as seen in the root
	dir   string // as seen in the root
	port  int
}

func (s *Stack) startPostgres(ctx context.Context) error {
	c, err := s.newCluster()
	if err != nil {
		return err
	}
	srv := s.add(&server{
		name: Postgres, log: s.place.log(Postgres),
		command: c.run, ready: c.ready,
		order: syscall.SIGINT, // fast shutdown
		drop:  "QUIT",         // SIGKILL would leave its shared memory behind
	})
	if err := c.create(ctx, srv.log); err != nil {
		return srv.failure(err)
	}
	if err := s.launch(ctx, srv); err != nil {
		return err
	}
	// The superuser comes by the socket, which only the user postgres can reach.
	// The role may create databases: a test takes one of its own.
	sql := fmt.Sprintf("CREATE ROLE queueapp LOGIN CREATEDB PASSWORD '%s';\nCREATE DATABASE queueapp OWNER queueapp;\n", s.secrets.postgres)
	psql := c.tool("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", c.dir, "-p", strconv.Itoa(c.port), "-U", "postgres", "-d", "postgres")
	psql.Stdin = strings.NewReader(sql)
	if err := runLogged(ctx, psql, srv.log); err != nil {
		return srv.failure(fmt.Errorf("create the database: %w", err))
	}
	return nil
}

func (s *Stack) newCluster() (*cluster, error) {
	user, err := s.place.account("postgres")
	if err != nil {
		return nil, err
	}
	found, err := filepath.Glob(filepath.Join(s.place.root, "usr/lib/postgresql/*/bin/postgres"))
	if err != nil || len(found) == 0 {
		return nil, fmt.Errorf("the private root at %s has no PostgreSQL: rebuild it with install/root.sh", s.place.root)
	}
	bin, err := filepath.Rel(s.place.root, filepath.Dir(found[len(found)-1]))
	if err != nil {
		return nil, fmt.Errorf("find PostgreSQL: %w", err)
	}
	if _, err := s.place.owned(user, "postgres"); err != nil {
		return nil, err
	}
	return &cluster{
		place: s.place, user: user, bin: "/" + bin,
		dir: filepath.Join(s.place.inner, "postgres"), port: s.ports.postgres,
	}, nil
}

func (c *cluster) tool(name string, args ...string) *exec.Cmd {
	return c.place.inRoot(c.user, filepath.Join(c.bin, name), args...)
}

// create makes an empty cluster. It need not reach the disk before it is used:
// fsync is for what is committed later, and that is on.
func (c *cluster) create(ctx context.Context, log string) error {
	initdb := c.tool("initdb", "-D", c.dir+"/data", "-U", "postgres", "--no-sync", "--no-instructions",
		"--encoding=UTF8", "--locale=C.UTF-8", "--auth-local=peer", "--auth-host=scram-sha-256",
		// The root has no /dev/shm of its own that the server may write to.
		"-c", "dynamic_shared_memory_type=mmap")
	if err := runLogged(ctx, initdb, log); err != nil {
		return fmt.Errorf("create the cluster: %w", err)
	}
	return nil
}

func (c *cluster) run() *exec.Cmd {
	args := []string{"-D", c.dir + "/data"}
	for _, setting := range []string{
		"listen_addresses=127.0.0.1",
		"port=" + strconv.Itoa(c.port),
		"unix_socket_directories=" + c.dir,
		"fsync=on",
		"max_connections=100",
		"shared_buffers=64MB",
		"timezone=UTC",
		"log_timezone=UTC",
		"log_line_prefix=%m [%p] ",
		"jit=off",
	} {
		args = append(args, "-c", setting)
	}
	return c.tool("postgres", args...)
}

func (c *cluster) ready(ctx context.Context) error {
	ask := c.tool("pg_isready", "-q", "-h", "127.0.0.1", "-p", strconv.Itoa(c.port))
	return runLogged(ctx, ask, os.DevNull)
}

// runLogged runs a command to its end, its output added to a log, and kills it
// when ctx is over.
func runLogged(ctx context.Context, cmd *exec.Cmd, log string) error {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open the log: %w", err)
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	// Short-lived, and on whatever thread this is: the signal would come when that
	// thread ends, not this process.
	if cmd.SysProcAttr != nil {
		cmd.SysProcAttr.Pdeathsig = 0
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", filepath.Base(cmd.Path), err)
	}
	undo := context.AfterFunc(ctx, func() { _ = cmd.Process.Kill() })
	defer undo()
	if err := cmd.Wait(); err != nil {
		return errors.Join(fmt.Errorf("%s: %w", filepath.Base(cmd.Path), err), context.Cause(ctx))
	}
	return nil
}

package stack

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"ringside/softwaresim/stack/child"
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
	}
	return cmd
}

// A cluster is the stack's PostgreSQL.
type cluster struct {
	place  *place
	family *child.Family
	user   account
	bin    string // directory, as seen in the root
	dir    string // as seen in the root
	port   int
}

func (s *Stack) startPostgres(ctx context.Context) error {
	c, err := s.newCluster()
	if err != nil {
		return err
	}
	srv := s.add(&server{
		name: Postgres, log: s.place.log(Postgres),
		command: c.run, ready: c.ready,
		order: syscall.SIGINT,  // fast shutdown
		drop:  syscall.SIGQUIT, // SIGKILL would leave its shared memory behind
	})
	if err := s.family.Run(ctx, c.initdb(), srv.log); err != nil {
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
	if err := s.family.Run(ctx, psql, srv.log); err != nil {
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
		place: s.place, family: s.family, user: user, bin: "/" + bin,
		dir: filepath.Join(s.place.inner, "postgres"), port: s.ports.postgres,
	}, nil
}

func (c *cluster) tool(name string, args ...string) *exec.Cmd {
	return c.place.inRoot(c.user, filepath.Join(c.bin, name), args...)
}

// initdb makes an empty cluster. It need not reach the disk before it is used:
// fsync is for what is committed later, and that is on.
func (c *cluster) initdb() *exec.Cmd {
	return c.tool("initdb", "-D", c.dir+"/data", "-U", "postgres", "--no-sync", "--no-instructions",
		"--encoding=UTF8", "--locale=C.UTF-8", "--auth-local=peer", "--auth-host=scram-sha-256",
		// The root has no /dev/shm of its own that the server may write to.
		"-c", "dynamic_shared_memory_type=mmap")
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
	return c.family.Run(ctx, ask, os.DevNull)
}

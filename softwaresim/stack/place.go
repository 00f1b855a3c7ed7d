package stack

import (
	"bytes"
	"crypto/rand"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/template"

	"ringside/softwaresim/stack/child"
)

//go:embed conf
var confFiles embed.FS

// A place is where a stack's files are: its directory, and beneath the root,
// where the servers see nothing else, the servers' own.
type place struct {
	dir     string // stack.json, configuration, logs
	made    bool   // dir was not there before
	root    string
	inner   string // the servers' directory as they see it, below root
	servers string // the same, as the host sees it
}

func newPlace(opts Options) (*place, error) {
	id := make([]byte, 6)
	rand.Read(id)
	p := &place{root: opts.Root, inner: "/srv/ringside/" + hex.EncodeToString(id)}
	p.servers = filepath.Join(p.root, p.inner)
	if err := p.makeDir(opts.Dir); err != nil {
		return nil, fmt.Errorf("make the stack's directory: %w", err)
	}
	if err := nameHost(p.root); err != nil {
		return nil, err
	}
	for _, dir := range []string{p.servers, p.path("logs"), p.path("secrets")} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, fmt.Errorf("make the stack's directory: %w", err)
		}
	}
	if err := os.Chmod(p.path("secrets"), 0o700); err != nil {
		return nil, fmt.Errorf("make the stack's directory: %w", err)
	}
	// A link, so that who looks at the directory finds everything from there.
	if err := os.Symlink(p.servers, p.path("servers")); err != nil {
		return nil, fmt.Errorf("make the stack's directory: %w", err)
	}
	return p, nil
}

func (p *place) makeDir(dir string) (err error) {
	if dir == "" {
		p.made = true
		dir, err = os.MkdirTemp("", "ringside-stack-")
		if err != nil {
			return err
		}
	}
	if p.dir, err = filepath.Abs(dir); err != nil {
		return err
	}
	if strings.ContainsFunc(p.dir, func(r rune) bool { return r < ' ' || r == '"' || r == '\\' }) {
		return fmt.Errorf("%q has a character that the configuration files cannot hold: name another directory", p.dir)
	}
	if err = os.Mkdir(p.dir, 0o700); err == nil {
		p.made = true
		return nil
	}
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	entries, err := os.ReadDir(p.dir)
	if err == nil && len(entries) > 0 {
		return fmt.Errorf("%s is not empty: another stack may run there; name a directory that is new or empty", p.dir)
	}
	return err
}

// clear has everything that the stack made removed at its end, and nothing else:
// the directory may have been there before.
func (p *place) clear(f *child.Family) error {
	for _, file := range []string{
		p.servers, p.path("servers"), p.path("logs"), p.path("secrets"), p.path("stack.json"), p.path("stack.json.new"),
		p.path("ca.pem"), p.path("queueapp.toml"), p.path("standby.toml"), p.path("floorplan.toml"),
		p.path("upstairs.toml"), p.path("upstairs-floorplan.toml"), p.path("customers.csv"),
	} {
		if err := f.Clear(file); err != nil {
			return err
		}
	}
	if !p.made {
		return nil
	}
	return f.ClearDir(p.dir)
}

func (p *place) path(parts ...string) string {
	return filepath.Join(append([]string{p.dir}, parts...)...)
}

func (p *place) log(server string) string { return p.path("logs", server+".log") }

// nameHost puts this machine's name into the root's hosts file: without it every
// call stalls for seconds in a DNS look-up. The name may have changed since the
// root was built.
func nameHost(root string) error {
	host, err := os.Hostname()
	if err != nil {
		return fmt.Errorf("name the host in the private root: %w", err)
	}
	path := filepath.Join(root, "etc/hosts")
	hosts, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("name the host in the private root: %w", err)
	}
	for line := range strings.Lines(string(hosts)) {
		for i, field := range strings.Fields(line) {
			if i > 0 && field == host {
				return nil
			}
		}
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("name the host in the private root: %w", err)
	}
	_, err = fmt.Fprintf(f, "127.0.1.1 %s\n", host)
	return errors.Join(err, f.Close())
}

// An account is a user of the private root.
type account struct{ uid, gid uint32 }

// account looks a user up in the root's own list: the host need not know it.
func (p *place) account(user string) (account, error) {
	passwd, err := os.ReadFile(filepath.Join(p.root, "etc/passwd"))
	if err != nil {
		return account{}, fmt.Errorf("find user %s in the private root: %w", user, err)
	}
	for line := range strings.Lines(string(passwd)) {
		fields := strings.Split(line, ":")
		if len(fields) < 4 || fields[0] != user {
			continue
		}
		uid, err := strconv.ParseUint(fields[2], 10, 32)
		if err != nil {
			return account{}, fmt.Errorf("find user %s in the private root: %w", user, err)
		}
		gid, err := strconv.ParseUint(fields[3], 10, 32)
		if err != nil {
			return account{}, fmt.Errorf("find user %s in the private root: %w", user, err)
		}
		return account{uint32(uid), uint32(gid)}, nil
	}
	return account{}, fmt.Errorf("the private root at %s has no user %s: rebuild it with install/root.sh", p.root, user)
}

// owned makes a directory below the servers' that belongs to one server alone.
func (p *place) owned(owner account, parts ...string) (string, error) {
	dir := filepath.Join(append([]string{p.servers}, parts...)...)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("make a server's directory: %w", err)
	}
	if err := os.Chown(dir, int(owner.uid), int(owner.gid)); err != nil {
		return "", fmt.Errorf("make a server's directory: %w", err)
	}
	return dir, nil
}

// write makes a file that only its owner may read.
func write(path string, data []byte, owner account) error {
	if err := os.WriteFile(path, data, 0o600); err != nil {
		return fmt.Errorf("write a configuration file: %w", err)
	}
	if err := os.Chown(path, int(owner.uid), int(owner.gid)); err != nil {
		return fmt.Errorf("write a configuration file: %w", err)
	}
	return nil
}

// render fills in the configuration file of that name, with what is to be added to it, and writes it to path.
func render(path, name string, values any, owner account, added ...string) error {
	text, err := confFiles.ReadFile("conf/" + name)
	if err != nil {
		return fmt.Errorf("make %s: %w", name, err)
	}
	parsed, err := template.New(name).Option("missingkey=error").Parse(string(text) + strings.Join(added, ""))
	if err != nil {
		return fmt.Errorf("make %s: %w", name, err)
	}
	var out bytes.Buffer
	if err := parsed.Execute(&out, values); err != nil {
		return fmt.Errorf("make %s: %w", name, err)
	}
	return write(path, out.Bytes(), owner)
}

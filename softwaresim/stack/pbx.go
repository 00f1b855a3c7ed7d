package stack

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"ringside/install/sounds"
)

// A pbx is the Asterisk to run: the private root's, or one of the host's.
type pbx struct {
	user    account
	host    string // its directory as the host sees it
	home    string // the same, as Asterisk sees it
	modules string
	data    string // sounds and documentation that came with it, as Asterisk sees them
	onHost  string // the same, as the host sees it
	run     func() *exec.Cmd
}

// rootAsterisk is the private root's.
func (s *Stack) rootAsterisk(x *exchange, user account, host string) (pbx, error) {
	p := pbx{user: user, host: host, home: filepath.Join(s.place.inner, x.server), data: "/usr/share/asterisk"}
	p.onHost = s.place.root + p.data
	found, err := filepath.Glob(s.place.root + "/usr/lib/*/asterisk/modules")
	if err != nil || len(found) == 0 {
		return p, fmt.Errorf("the private root at %s has no modules of Asterisk: rebuild it with install/root.sh", s.place.root)
	}
	p.modules = strings.TrimPrefix(found[0], s.place.root)
	p.run = func() *exec.Cmd {
		return s.place.inRoot(user, "/usr/sbin/asterisk", "-f", "-n", "-C", p.home+"/etc/asterisk.conf")
	}
	return p, nil
}

// hostAsterisk is this machine's own, with its modules and sounds where its own
// configuration says.
func (s *Stack) hostAsterisk(ctx context.Context, user account, host string) (pbx, error) {
	p := pbx{user: user, host: host, home: host}
	if err := checkVersion(ctx, s.opts.Asterisk); err != nil {
		return p, err
	}
	directories, err := asteriskDirectories("/etc/asterisk/asterisk.conf")
	if err != nil {
		return p, err
	}
	p.modules, p.data = directories["astmoddir"], directories["astdatadir"]
	p.onHost = p.data
	if p.modules == "" || p.data == "" {
		return p, errors.New("/etc/asterisk/asterisk.conf does not name astmoddir and astdatadir: run without --asterisk to use the private root's")
	}
	p.run = func() *exec.Cmd {
		cmd := s.place.inRoot(user, s.opts.Asterisk, "-f", "-n", "-C", host+"/etc/asterisk.conf")
		cmd.SysProcAttr.Chroot = ""
		return cmd
	}
	return p, nil
}

// checkVersion refuses an Asterisk before 22.3: agents' transfers would not be
// seen by queueapp (PJSIP_TRANSFER_HANDLING).
func checkVersion(ctx context.Context, path string) error {
	out, err := exec.CommandContext(ctx, path, "-V").Output()
	if err != nil {
		return fmt.Errorf("ask %s for its version: %w", path, err)
	}
	found := regexp.MustCompile(`^Asterisk (?:certified[/-])?(\d+)\.(\d+)`).FindStringSubmatch(string(out))
	if found == nil {
		return fmt.Errorf("%s does not say a version of Asterisk but %q", path, strings.TrimSpace(string(out)))
	}
	major, _ := strconv.Atoi(found[1]) // digits, by the pattern
	minor, _ := strconv.Atoi(found[2])
	if major < 22 || major == 22 && minor < 3 {
		return fmt.Errorf("%s is %s, and 22.3 or newer is needed: run without --asterisk to use the private root's", path, strings.TrimSpace(string(out)))
	}
	return nil
}

// asteriskDirectories reads the [directories] of an asterisk.conf.
func asteriskDirectories(path string) (map[string]string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("find out where Asterisk has its modules: %w", err)
	}
	set := regexp.MustCompile(`(?m)^\s*(ast\w+dir)\s*=>?\s*([^\s;]+)`)
	found := make(map[string]string)
	for _, m := range set.FindAllStringSubmatch(string(text), -1) {
		found[m[1]] = m[2]
	}
	return found, nil
}

// writeSounds gives Asterisk a data directory with everything that came with it,
// and Ringside's own prompts and music beside.
func writeSounds(p pbx) error {
	data := filepath.Join(p.host, "data")
	if err := linkAll(p.onHost, p.data, data, "sounds", "keys"); err != nil {
		return err
	}
	english := filepath.Join(data, "sounds/en")
	if err := os.MkdirAll(english, 0o755); err != nil {
		return fmt.Errorf("lay out the sounds: %w", err)
	}
	// Followed on the host: in the root "en" is a link by way of /etc.
	core, err := filepath.Glob(p.onHost + "/sounds/en_US_f_*")
	if err != nil {
		return fmt.Errorf("lay out the sounds: %w", err)
	}
	if len(core) > 0 {
		seen := p.data + strings.TrimPrefix(core[0], p.onHost)
		if err := linkAll(core[0], seen, english, "ringside"); err != nil {
			return err
		}
	}
	for from, to := range map[string]string{"ringside": english + "/ringside", "moh": data + "/moh"} {
		if err := copySounds(from, to); err != nil {
			return err
		}
	}
	return nil
}

// linkAll links every entry of a directory, seen from Asterisk, into another,
// leaving out some names.
func linkAll(onHost, seen, into string, except ...string) error {
	entries, err := os.ReadDir(onHost)
	if err != nil {
		return fmt.Errorf("lay out the sounds: %w", err)
	}
	for _, e := range entries {
		if slices.Contains(except, e.Name()) {
			continue
		}
		if err := os.Symlink(filepath.Join(seen, e.Name()), filepath.Join(into, e.Name())); err != nil {
			return fmt.Errorf("lay out the sounds: %w", err)
		}
	}
	return nil
}

func copySounds(from, to string) error {
	if err := os.MkdirAll(to, 0o755); err != nil {
		return fmt.Errorf("lay out the sounds: %w", err)
	}
	sub, err := fs.Sub(sounds.FS(), from)
	if err != nil {
		return fmt.Errorf("lay out the sounds: %w", err)
	}
	return fs.WalkDir(sub, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(sub, path)
		if err != nil {
			return fmt.Errorf("lay out the sounds: %w", err)
		}
		return os.WriteFile(filepath.Join(to, path), data, 0o644)
	})
}

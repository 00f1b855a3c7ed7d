package stack

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// Info is what stack.json holds: how to reach every part of a running stack.
type Info struct {
	Floor      string      `json:"floor"`
	SIP        string      `json:"sip"`
	ARI        ARI         `json:"ari"`
	XMPP       string      `json:"xmpp"`
	PubSub     string      `json:"pubsub"`
	WebSocket  string      `json:"websocket"`
	CA         string      `json:"ca"`
	Postgres   string      `json:"postgres"`
	API        string      `json:"api"`
	Token      string      `json:"token"`
	Config     string      `json:"config"`
	Floorplan  string      `json:"floorplan"`
	PIDs       PIDs        `json:"pids"`
	Dial       Dial        `json:"dial"`
	Extensions []Extension `json:"extensions"`

	// Switches are the floor's Asterisks, where it has two. SIP and ARI above are
	// the first one's.
	Switches []Switch `json:"switches,omitempty"`
	// Floors are the other floors on the first Asterisk.
	Floors []Floor `json:"floors,omitempty"`
	// Standby is the queueapp that does not own the floor, where there are two:
	// API and Config above are always those of the owner. Owner is its server's
	// name, Queueapp or Standby.
	Standby *Replica `json:"standby,omitempty"`
	Owner   string   `json:"owner,omitempty"`
}

// Switch is one of the floor's Asterisks, by its name in queueapp.toml.
type Switch struct {
	Name string `json:"name"`
	SIP  string `json:"sip"`
	ARI  ARI    `json:"ari"`
}

// Floor is another floor: its Stasis application, its queueapp, the number of its
// queue, and its own phones.
type Floor struct {
	Floor      string      `json:"floor"`
	App        string      `json:"app"`
	API        string      `json:"api"`
	Config     string      `json:"config"`
	Floorplan  string      `json:"floorplan"`
	Queue      string      `json:"queue"`
	Extensions []Extension `json:"extensions"`
}

// everyFloor is the stack's own floor and the others.
func (i Info) everyFloor() []Floor {
	own := Floor{
		Floor: i.Floor, App: i.ARI.App, API: i.API, Config: i.Config, Floorplan: i.Floorplan, Queue: i.Dial.Queue,
		Extensions: i.Extensions,
	}
	return append([]Floor{own}, i.Floors...)
}

// Extension finds a phone of any floor by its number, and says where it registers.
func (i Info) Extension(number string) (e Extension, sip string, ok bool) {
	for _, f := range i.everyFloor() {
		for _, e := range f.Extensions {
			if e.Number == number {
				return e, cmp.Or(e.SIP, i.SIP), true
			}
		}
	}
	return Extension{}, "", false
}

// Replica is how to reach another queueapp of the same floor.
type Replica struct {
	API    string `json:"api"`
	Config string `json:"config"`
}

// ARI is how to log in to Asterisk's REST interface. URL ends in /ari.
type ARI struct {
	URL      string `json:"url"`
	User     string `json:"user"`
	Password string `json:"password"`
	App      string `json:"app"`
}

// PIDs are the servers' own process ids; 0 is a server that was not started.
type PIDs struct {
	Queueapp int `json:"queueapp"`
	Asterisk int `json:"asterisk"`
	Prosody  int `json:"prosody"`
	Postgres int `json:"postgres"`

	Standby   int `json:"standby,omitempty"`
	AsteriskB int `json:"asterisk-b,omitempty"`
	Upstairs  int `json:"upstairs,omitempty"`
}

// Dial holds the numbers of the sample dialplan.
type Dial struct {
	IVR    string `json:"ivr"`
	Queue  string `json:"queue"`
	Twin   string `json:"twin"`
	Logon  string `json:"logon"`
	Logoff string `json:"logoff"`
}

// Extension is a phone and the CRM beside it: the SIP account Number with
// Password, and the XMPP account JID with JIDPassword.
type Extension struct {
	Number      string `json:"number"`
	Password    string `json:"password"`
	JID         string `json:"jid"`
	JIDPassword string `json:"jid_password"`

	// Switch and SIP are the switch that the phone belongs to and where it
	// registers, if that is not the first one.
	Switch string `json:"switch,omitempty"`
	SIP    string `json:"sip,omitempty"`
}

// of returns where the pid of a server is kept.
func (p *PIDs) of(server string) *int {
	switch server {
	case Queueapp:
		return &p.Queueapp
	case Asterisk:
		return &p.Asterisk
	case Prosody:
		return &p.Prosody
	case Standby:
		return &p.Standby
	case AsteriskB:
		return &p.AsteriskB
	case Upstairs:
		return &p.Upstairs
	default:
		return &p.Postgres
	}
}

// Load reads the stack.json of the stack in dir.
func Load(dir string) (Info, error) {
	var info Info
	data, err := os.ReadFile(filepath.Join(dir, "stack.json"))
	if err != nil {
		return Info{}, fmt.Errorf("read the stack's description: %w", err)
	}
	if err := json.Unmarshal(data, &info); err != nil {
		return Info{}, fmt.Errorf("read the stack's description in %s: %w", dir, err)
	}
	return info, nil
}

// ErrNoStack is returned by Find when no stack runs.
var ErrNoStack = errors.New("no stack is running: start one with `softwaresim stack`, or name its directory with RINGSIDE_STACK")

// Find returns the stack that runs on this machine, the one started last when
// there are several. The environment variable RINGSIDE_STACK names the
// directory of another.
func Find() (Info, error) {
	if dir := os.Getenv("RINGSIDE_STACK"); dir != "" {
		return Load(dir)
	}
	locks, err := filepath.Glob(filepath.Join(shareDir(), "block-*.lock"))
	if err != nil {
		return Info{}, fmt.Errorf("look for running stacks: %w", err)
	}
	var newest string
	var at time.Time
	for _, lock := range locks {
		if dir, started := running(lock); dir != "" && started.After(at) {
			newest, at = dir, started
		}
	}
	if newest == "" {
		return Info{}, ErrNoStack
	}
	return Load(newest)
}

// running returns the directory of the stack that holds the lock, and when it
// was announced; the directory is empty when no living stack does.
func running(lock string) (string, time.Time) {
	f, err := os.Open(lock)
	if err != nil {
		return "", time.Time{}
	}
	defer f.Close()
	if syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB) == nil {
		return "", time.Time{} // nobody holds it: a stack that is gone
	}
	stat, err := f.Stat()
	if err != nil {
		return "", time.Time{}
	}
	dir, err := os.ReadFile(lock)
	if err != nil {
		return "", time.Time{}
	}
	return string(dir), stat.ModTime()
}

// publish writes stack.json in one step, with the pids of now.
func (s *Stack) publish() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, srv := range s.servers {
		*s.info.PIDs.of(name) = srv.pid()
	}
	data, err := json.MarshalIndent(s.info, "", "  ")
	if err != nil {
		return fmt.Errorf("describe the stack: %w", err)
	}
	path := filepath.Join(s.place.dir, "stack.json")
	// The passwords in it are for whoever may read the directory anyway.
	if err := os.WriteFile(path+".new", append(data, '\n'), 0o600); err != nil {
		return fmt.Errorf("describe the stack: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("describe the stack: %w", err)
	}
	close(s.changed)
	s.changed = make(chan struct{})
	return nil
}

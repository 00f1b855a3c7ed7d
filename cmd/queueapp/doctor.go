package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"ringside/cmd/queueapp/config"
	"ringside/ivr"
	"ringside/queueapp/api"
	"ringside/queueapp/floorplan"
	"ringside/queueapp/stasis"
	"ringside/store"
)

// doctorCommand is `doctor`.
type doctorCommand struct {
	JSON bool `help:"Print JSON."`
}

// check is what the doctor found out about one link.
type check struct {
	Name   string `json:"check"`
	OK     bool   `json:"ok"`
	Found  string `json:"found"`            // what is there, or what is wrong
	Remedy string `json:"remedy,omitempty"` // what to do; of a link that is well, something worth knowing
}

// tryLimit is how long one link may take: more than its own time-outs.
const tryLimit = 20 * time.Second

// Run tries every link, whatever became of those before, and fails where any does. It takes nothing from a queueapp that
// runs: no lock, no websocket, no XMPP resource.
func (c *doctorCommand) Run(ctx context.Context, a *app) error {
	d := doctor{app: a, json: c.JSON}
	d.config, d.problems = config.Load(a.configFile, a.configFile == etcConfig, a.env)
	d.tryConfig()
	for _, link := range []struct {
		section string
		try     func(context.Context)
	}{
		{"http", d.tryHTTP}, {"postgres", d.tryPostgres}, {"switch", d.trySwitches}, {"xmpp", d.tryXMPP},
	} {
		if d.broken(link.section) {
			d.tell(check{Name: link.section, Found: "not tried: its configuration is wrong"})
			continue
		}
		limited, cancel := context.WithTimeout(ctx, tryLimit)
		link.try(limited)
		cancel()
	}
	return d.end()
}

// doctor is one round.
type doctor struct {
	*app
	json     bool
	config   config.Config
	problems config.Problems
	checks   []check
	recorded []string // the file formats in which the floor plan has conversations recorded
}

// broken reports whether a section cannot be tried.
func (d *doctor) broken(section string) bool {
	return slices.ContainsFunc(d.problems, func(p config.Problem) bool { return p.Section() == section || p.Section() == "" })
}

// tell adds a check, and prints it at once: the next one may take its time.
func (d *doctor) tell(c check) {
	c.Found, c.Remedy = oneLine(c.Found), oneLine(c.Remedy)
	d.checks = append(d.checks, c)
	if d.json {
		return
	}
	mark, colour := "✔", green
	if !c.OK {
		mark, colour = "✘", red
	}
	text := c.Found
	if c.Remedy != "" {
		text += "; " + c.Remedy
	}
	d.printf("%s %s: %s\n", colour.paint(mark, d.colours()), c.Name, text)
}

func oneLine(s string) string {
	return clean(strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\r' }), "; "), 500)
}

// well and ill add a check.
func (d *doctor) well(name, found string) { d.tell(check{Name: name, OK: true, Found: found}) }

func (d *doctor) ill(name string, err error) { d.tell(check{Name: name, Found: err.Error()}) }

// end sums up.
func (d *doctor) end() error {
	failed := slices.ContainsFunc(d.checks, func(c check) bool { return !c.OK })
	if d.json {
		b, err := json.Marshal(struct {
			OK     bool    `json:"ok"`
			Checks []check `json:"checks"`
		}{!failed, d.checks})
		if err != nil {
			return err
		}
		d.printf("%s\n", b)
	}
	if failed {
		return errFailed
	}
	return nil
}

// tryConfig reads queueapp.toml and looks at who else can read the secrets.
func (d *doctor) tryConfig() {
	for _, p := range d.problems {
		d.tell(check{Name: "configuration", Found: p.Error()})
	}
	if len(d.problems) == 0 {
		d.well("configuration", d.configFile)
	}
	secrets := []config.Secret{d.config.Postgres.Password, d.config.XMPP.Password, d.config.HTTP.Token}
	for _, s := range d.config.Switches {
		secrets = append(secrets, s.Password)
	}
	for _, s := range secrets {
		if info, err := os.Stat(s.File()); s.File() != "" && err == nil && info.Mode().Perm()&0o007 != 0 {
			d.tell(check{Name: "secrets", Found: "everybody can read " + s.File(), Remedy: "chmod 600 " + s.File()})
		}
	}
}

// tryHTTP sees whether a queueapp runs here and knows our token, or whether one could listen.
func (d *doctor) tryHTTP(ctx context.Context) {
	o, err := d.owner()
	if err != nil {
		d.ill("http", err)
		return
	}
	defer o.close()
	r, err := o.readiness(ctx)
	if errors.Is(err, errNotRunning) {
		d.tryListen(ctx)
		return
	}
	if err == nil {
		// That it cannot list its queues just now is not what is asked.
		if _, no := o.get(ctx, "/v1/queues", new(api.Queues)); errors.Is(no, errToken) {
			err = no
		}
	}
	if err != nil {
		d.ill("http", err)
		return
	}
	d.well("http", fmt.Sprintf("queueapp runs on %s: %s", o.at(), r.State))
}

// tryListen is for when no queueapp answers: it says whether one could.
func (d *doctor) tryListen(ctx context.Context) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", d.config.HTTP.Listen)
	if err != nil {
		d.tell(check{Name: "http", Found: err.Error(), Remedy: "check [http] listen in " + d.configFile})
		return
	}
	_ = l.Close() // it was opened to see whether it can be
	d.well("http", d.config.HTTP.Listen+" is free: queueapp does not run")
}

// tryPostgres logs in and looks at the tables, the floor plan, and where customers are looked up.
func (d *doctor) tryPostgres(ctx context.Context) {
	s, conf, err := d.store(ctx)
	if err != nil {
		d.ill("postgres", err)
		return
	}
	defer s.Close()
	version, _, err := s.SchemaVersion(ctx)
	if err != nil {
		d.ill("postgres", err)
		return
	}
	d.well("postgres", fmt.Sprintf("logged in; the tables are at version %d, as they should be", version))
	plan, n, err := s.Plan(ctx, conf.Floor.Name)
	if err != nil {
		d.ill("floor plan", err)
		return
	}
	d.well("floor plan", fmt.Sprintf("floor %s is at version %d; queues: %d, agents: %d", conf.Floor.Name, n, len(plan.Floor.Queues), len(plan.Floor.Agents)))
	for _, r := range plan.Recordings {
		if !slices.Contains(d.recorded, r.Format) {
			d.recorded = append(d.recorded, r.Format)
		}
	}
	d.tryCustomers(ctx, s, plan)
}

func (d *doctor) tryCustomers(ctx context.Context, s *store.Store, plan floorplan.Plan) {
	if err := s.CheckCustomers(ctx, plan.Customers); err != nil {
		d.ill("customers", err)
		return
	}
	where := "in Ringside's own table"
	if plan.Customers.ByCode != "" || plan.Customers.ByNumber != "" {
		where = "by the floor plan's SQL"
	}
	d.well("customers", "looked up "+where)
}

// trySwitches asks each Asterisk for what is needed of it.
func (d *doctor) trySwitches(ctx context.Context) {
	for _, s := range d.config.Switches {
		to, err := stasisConfig(d.config, s)
		if err != nil {
			d.ill("switch "+s.Name, err)
			continue
		}
		found := stasis.Check(ctx, to, ivr.Prompts())
		if len(d.recorded) > 0 && found[0].Err == nil {
			found = append(found, stasis.CheckRecording(ctx, to, d.recorded))
		}
		for _, f := range found {
			c := check{Name: "switch " + s.Name + ", " + f.Name, OK: f.Err == nil, Found: f.Detail, Remedy: f.Remedy}
			if f.Err != nil {
				c.Found = f.Err.Error()
			}
			d.tell(c)
		}
	}
}

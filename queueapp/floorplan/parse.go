package floorplan

import (
	_ "embed" // for the default floor plan
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"

	"ringside/ivr"
	"ringside/queueapp"
)

//go:embed default.toml
var defaultPlan string

// Default returns the floor plan that a new site begins with, with a comment on each key.
func Default() []byte { return []byte(defaultPlan) }

// The defaults of a floor, and the limits beyond which a value is a slip of the pen.
const (
	defaultNode    = "extension{{.Extension}}"
	defaultChat    = "{{title .Queue}}: {{with .Customer}}Customer {{.}}{{else}}unknown customer{{end}}{{with .Number}}, caller {{.}}{{end}}, call {{.Call}}"
	defaultDisplay = `{{.Queue}}: {{or .Customer .Name .Number "unknown"}}`
	defaultMaxCall = 4 * time.Hour
	defaultOutage  = 30 * time.Second
	defaultBudget  = 300 * time.Millisecond
	defaultLookUp  = 500 * time.Millisecond

	day         = 24 * time.Hour
	mostWeight  = 1_000_000
	longestName = 64
	longestJID  = 3071 // XMPP's own limit: three parts of 1023 bytes and what stands between
)

// Parse reads a floor plan and checks it. name is the file's, for messages. The error is [Problems]: everything that is
// wrong, with its line and what to do about it.
func Parse(name string, data []byte) (Plan, error) {
	root, err := open(name, data)
	if err != nil {
		return Plan{}, err
	}
	p := Plan{Settings: settings(root), Codes: codes(root), Customers: customers(root)}
	for _, t := range root.tables("queue") {
		p.Floor.Queues = append(p.Floor.Queues, queue(t))
		if l, ok := line(t); ok {
			p.Lines = append(p.Lines, l)
		}
		if r, ok := recording(t); ok {
			p.Recordings = append(p.Recordings, r)
		}
		t.done()
	}
	for _, t := range root.tables("agent") {
		if pin := pin(t); pin != "" {
			p.PINs = append(p.PINs, PIN{queueapp.AgentID(t.name()), pin})
		}
		p.Floor.Agents = append(p.Floor.Agents, agent(t))
	}
	for _, t := range root.tables("extension") {
		p.Floor.Extensions = append(p.Floor.Extensions, extension(t))
	}
	for _, t := range root.tables("menu") {
		p.Menus = append(p.Menus, menu(t))
	}
	for _, t := range root.tables("hours") {
		p.Hours = append(p.Hours, hours(t))
	}
	root.done()
	check(root, p)
	if ps := root.doc.problems; len(ps) > 0 {
		ps.sort()
		return Plan{}, ps
	}
	return p, nil
}

func settings(root *table) Settings {
	t, _ := root.table("floor")
	defer t.done()
	transfers := t.text("transfer_context", "")
	if transfers != "" && !dialplanWord(transfers) {
		t.problem("transfer_context", `write the name of a context, as "ringside-transfers"`, "%q is no context", transfers)
	}
	return Settings{
		Transfers: transfers,
		Node:      t.text("node", defaultNode), Chat: t.text("chat", defaultChat), Display: t.text("display", defaultDisplay),
		MaxCall: t.duration("max_call", defaultMaxCall, time.Minute, day),
		Outage:  t.duration("outage", defaultOutage, 0, time.Hour),
		Budget:  t.duration("budget", defaultBudget, 0, 10*time.Second),
		Lead:    t.duration("lead", 0, 0, 10*time.Second),
		Lamps:   t.bool("lamps", false),
	}
}

func codes(root *table) ivr.Limits {
	t, _ := root.table("codes")
	defer t.done()
	l := ivr.DefaultLimits()
	return ivr.Limits{
		Call: t.int("call", l.Call, 0, 1000), Slow: t.duration("slow", l.Slow, 0, 10*time.Second),
		Number: t.int("number", l.Number, 0, mostWeight), Withheld: t.int("withheld", l.Withheld, 0, mostWeight),
		Window: t.duration("window", l.Window, time.Second, day), Bar: t.duration("bar", l.Bar, time.Second, day),
	}
}

func customers(root *table) Customers {
	t, _ := root.table("customers")
	defer t.done()
	c := Customers{
		DSN: t.text("dsn", ""), DSNFile: t.text("dsn_file", ""),
		ByCode: t.text("by_code", ""), ByNumber: t.text("by_number", ""),
		Timeout: t.duration("timeout", defaultLookUp, 10*time.Millisecond, 10*time.Second),
	}
	const remedy = "write the whole connection string into a file that only queueapp can read, and name it as dsn_file"
	if secret(c.DSN) {
		t.problem("dsn", remedy, "holds a password, and a floor plan is kept where many can read it")
	}
	if c.DSN != "" && c.DSNFile != "" {
		t.problem("dsn_file", "keep one of them", "stands beside dsn")
	}
	for key, sql := range map[string]string{"by_code": c.ByCode, "by_number": c.ByNumber} {
		if sql != "" && !strings.Contains(sql, "$1") {
			t.problem(key, "put $1 where the value that is looked up belongs", "has no $1")
		}
	}
	if (c.DSN != "" || c.DSNFile != "") && c.ByCode == "" && c.ByNumber == "" {
		t.problem("", "add by_code or by_number", "names a database and no query for it")
	}
	return c
}

// secret reports whether a connection string, in either of libpq's forms, has a password in it.
func secret(dsn string) bool {
	if _, rest, ok := strings.Cut(dsn, "://"); ok {
		authority, query, _ := strings.Cut(rest, "?")
		authority, _, _ = strings.Cut(authority, "/")
		at := strings.LastIndexByte(authority, '@')
		return at >= 0 && strings.Contains(authority[:at], ":") || strings.Contains(query, "password=")
	}
	return regexp.MustCompile(`\bpassword\s*=`).MatchString(dsn)
}

func agent(t *table) queueapp.Agent {
	defer t.done()
	checkName(t)
	return queueapp.Agent{
		ID: queueapp.AgentID(t.name()), Name: t.text("name", ""),
		Extension: queueapp.ExtensionID(t.text("extension", "")), JIDs: jids(t), Skills: skills(t, "skills"),
		OwnWrapup: t.has("wrapup"), Wrapup: t.duration("wrapup", 0, 0, day), OnDemand: t.bool("on_demand", false),
		Away: t.duration("logoff_unreachable", 0, 0, 30*day),
	}
}

// A PIN of fewer digits is guessed too soon, and nobody remembers a longer one.
const leastPIN, mostPIN = 4, 12

func pin(t *table) string {
	s := t.text("pin", "")
	digits := strings.Trim(s, "0123456789") == ""
	if t.has("pin") && (!digits || len(s) < leastPIN || len(s) > mostPIN) {
		t.problem("pin", fmt.Sprintf(`write %d to %d digits in quotes, as "4711"`, leastPIN, mostPIN), "is no PIN")
		return ""
	}
	return s
}

func extension(t *table) queueapp.Extension {
	defer t.done()
	checkName(t)
	x := queueapp.Extension{
		ID: queueapp.ExtensionID(t.name()), Switch: queueapp.SwitchName(t.text("switch", "")),
		Dial: t.text("dial", "PJSIP/"+t.name()), JIDs: jids(t),
	}
	if x.Switch != "" && !named(string(x.Switch)) {
		t.problem("switch", "write the name of a [[switch]] of queueapp.toml", "%q is no switch's name", x.Switch)
	}
	checkDial(t, "dial", x.Dial)
	if x.Device = t.text("device", deviceOf(x.Dial)); t.has("device") {
		checkDevice(t, x.Device)
	}
	return x
}

// deviceOf says whose state tells about a dial string: its technology and resource, without a contact or options.
func deviceOf(dial string) string {
	tech, rest, _ := strings.Cut(dial, "/")
	resource, _, _ := strings.Cut(rest, "/")
	return tech + "/" + resource
}

// checkDevice wants one of Asterisk's device names: of a phone, or one that the dialplan sets, as Custom:door.
func checkDevice(t *table, device string) {
	if kind, name, ok := strings.Cut(device, ":"); ok && kind != "" && name != "" && !strings.ContainsFunc(device, misplaced) {
		return
	}
	checkDial(t, "device", device)
}

// misplaced reports whether a rune cannot stand in a dial string or device.
func misplaced(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) || r == '&' || r == ',' || r == '|'
}

func checkDial(t *table, key, dial string) {
	tech, resource, ok := strings.Cut(dial, "/")
	if !ok || tech == "" || resource == "" || strings.ContainsFunc(dial, misplaced) {
		t.problem(key, `write one of Asterisk's technology/resource, as "PJSIP/1000"`, "%q is no %s string", dial, key)
	}
}

func jids(t *table) []string {
	list, paths := t.texts("jids")
	for i, j := range list {
		if why := badJID(j); why != "" {
			t.problemAt(paths[i], `write a bare JID, as "user1@example.org"`, "%q %s", j, why)
		}
	}
	return list
}

// badJID says what is wrong with a bare JID (RFC 7622 §3): enough to find slips; the XMPP server has the last word.
func badJID(j string) string {
	local, domain, ok := strings.Cut(j, "@")
	switch {
	case strings.Contains(j, "/"):
		return "has a resource"
	case !ok || local == "" || domain == "":
		return "is no JID"
	case len(j) > longestJID || len(local) > 1023 || len(domain) > 1023:
		return "is too long for a JID"
	case strings.ContainsAny(local, `"&':<>@`) || strings.ContainsAny(domain, `"&'<>@`):
		return "is no JID"
	case unfit(j, longestJID) != "" || strings.ContainsFunc(j, unicode.IsSpace):
		return "is no JID"
	}
	return ""
}

// named reports whether s can be the name of a queue, agent, extension, menu or switch: it goes into channel names, nodes,
// URLs and metrics as it is.
func named(s string) bool {
	if s == "" || len(s) > longestName {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_' && r != '.' && r != '-'
	})
}

func checkName(t *table) {
	if !named(t.name()) {
		t.problem("", fmt.Sprintf("use up to %d letters a-z, digits, _ . and -", longestName), "%q is no name", t.name())
	}
}

// Brief writes a duration as a floor plan has it: "10m", not "10m0s".
func Brief(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-2]
	}
	return s
}

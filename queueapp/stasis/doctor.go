package stasis

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/CyCoreSystems/ari/v5"
)

// oldest is the first Asterisk that has all that Ringside uses (DESIGN §4.8).
const oldestMajor, oldestMinor = 22, 3

// Finding is what [Check] found out about one thing.
type Finding struct {
	Name   string // what was looked at, "log in"
	Detail string // what was found
	Err    error  // nil: it is well
	Remedy string // what to do; with a nil Err something worth knowing
}

// Check tries what a Switch needs of an Asterisk, for `queueapp doctor`, and disturbs nothing: it opens no websocket, as that
// would take the application away from its owner. sounds are the prompts that must be there, "ringside/menu".
func Check(ctx context.Context, c Config, sounds []string) []Finding {
	if err := c.complete(); err != nil {
		return []Finding{{Name: "configuration", Err: err, Remedy: "correct [[switch]] in queueapp.toml"}}
	}
	r := newREST(c)
	defer r.close()
	login, info := checkLogin(ctx, r)
	if login.Err != nil {
		return []Finding{login}
	}
	return []Finding{login, checkVersion(info), checkApp(ctx, r, c.App), checkSounds(ctx, r, sounds)}
}

func checkLogin(ctx context.Context, r *rest) (Finding, ari.AsteriskInfo) {
	var info ari.AsteriskInfo
	f := Finding{Name: "log in", Detail: "as " + r.user + " at " + r.base}
	f.Err = r.do(ctx, "info", http.MethodGet, "/asterisk/info", nil, &info)
	var certificate *tls.CertificateVerificationError
	switch status := statusOf(f.Err); {
	case f.Err == nil && inTheClear(r.base):
		f.Remedy = "the password goes there unencrypted: use https, or let only the two share that network"
	case f.Err == nil:
	case errors.As(f.Err, &certificate):
		f.Remedy = "give Asterisk a certificate for the host that the url names, and name who signed it as ca_file of [[switch]]"
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		f.Remedy = "make user and password of [[switch]] those of a user in ari.conf, then `asterisk -rx 'module reload res_ari'`"
	case status == http.StatusNotFound:
		f.Remedy = "set enabled=yes in ari.conf, load res_ari and its modules, and put http.conf's prefix into the url before /ari"
	case status == 0 && errors.Is(f.Err, context.DeadlineExceeded):
		f.Remedy = "something listens there and does not answer: see whether Asterisk hangs, or whether that is Asterisk"
	case status == 0:
		f.Remedy = "start Asterisk, and make the url's host and port those of http.conf (enabled=yes, bindaddr, bindport)"
	default:
		f.Remedy = "see Asterisk's log"
	}
	return f, info
}

// inTheClear reports whether what is said to an address can be heard by others.
func inTheClear(base string) bool {
	u, err := url.Parse(base)
	if err != nil || u.Scheme == "https" || u.Hostname() == "localhost" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return ip == nil || !ip.IsLoopback()
}

func checkVersion(info ari.AsteriskInfo) Finding {
	f := Finding{Name: "Asterisk", Detail: fmt.Sprintf("version %s, up since %s",
		clean(info.SystemInfo.Version, maxName), time.Time(info.StatusInfo.StartupTime).Format(time.DateTime))}
	major, minor, ok := versionOf(info.SystemInfo.Version)
	if ok && (major < oldestMajor || major == oldestMajor && minor < oldestMinor) {
		f.Err = fmt.Errorf("ari: Asterisk %d.%d is older than %d.%d", major, minor, oldestMajor, oldestMinor)
		f.Remedy = "use a newer Asterisk"
	}
	return f
}

// versionOf reads the first two numbers of a version; one that is built from a branch has none.
func versionOf(s string) (major, minor int, ok bool) {
	first, rest, _ := strings.Cut(s, ".")
	second := rest
	if i := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' }); i >= 0 {
		second = rest[:i]
	}
	major, errMajor := strconv.Atoi(first)
	minor, errMinor := strconv.Atoi(second)
	return major, minor, errMajor == nil && errMinor == nil
}

// checkApp tells whether the application's name is taken. ARI does not say whose a registration is: with calls in it, it may
// be left over from an owner that is gone; without, somebody's websocket is open.
func checkApp(ctx context.Context, r *rest, name string) Finding {
	f := Finding{Name: "application", Detail: name + " is free"}
	var app ari.ApplicationData
	err := r.do(ctx, "application", http.MethodGet, path("applications", name), nil, &app)
	switch {
	case statusOf(err) == http.StatusNotFound:
	case err != nil:
		f.Err, f.Remedy = err, "see Asterisk's log"
	case len(app.ChannelIDs)+len(app.BridgeIDs) > 0:
		f.Detail = fmt.Sprintf("%s is taken: it holds calls (%d)", name, len(app.ChannelIDs))
		f.Remedy = "well where queueapp runs, or has just died: the next one takes these calls over"
	default:
		f.Detail = name + " is taken: a websocket is open"
		f.Remedy = "well where it is the queueapp of this floor; else give one of the two another application name"
	}
	return f
}

func checkSounds(ctx context.Context, r *rest, sounds []string) Finding {
	f := Finding{Name: "sounds", Detail: fmt.Sprintf("%d of %d prompts are there", len(sounds), len(sounds))}
	var missing []string
	for _, name := range sounds {
		err := r.do(ctx, "sound", http.MethodGet, path("sounds", name), nil, nil)
		if statusOf(err) == http.StatusNotFound {
			missing = append(missing, name)
			continue
		}
		if err != nil {
			f.Err, f.Remedy = err, "see Asterisk's log"
			return f
		}
	}
	if len(missing) > 0 {
		f.Detail = fmt.Sprintf("%d of %d prompts are there", len(sounds)-len(missing), len(sounds))
		f.Err = fmt.Errorf("ari: Asterisk does not find the sounds %s", strings.Join(missing, ", "))
		f.Remedy = "copy install/sounds into Asterisk's sounds directory, below the language, and restart Asterisk: it lists its sounds at the start"
	}
	return f
}

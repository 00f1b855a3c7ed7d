package config

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ringside/queueapp/floorplan"
)

// write makes a file in a directory of the test's.
func write(t testing.TB, dir, name, text string) string {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// secrets writes the files that the sample configuration names.
func secrets(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"postgres-password", "xmpp-password", "http-token", "ari-password"} {
		write(t, dir, name, "the "+name+" of the test\n")
	}
	return dir
}

func TestTheSampleIsValidAndSaysTheDefaults(t *testing.T) {
	dir := secrets(t)
	c, found := Load(write(t, dir, "queueapp.toml", sample), false, nil)
	if len(found) > 0 {
		t.Fatal(found)
	}
	want, got := Default(), c
	want.XMPP.Address, want.XMPP.PubSub = "example.com:5222", "pubsub.example.com"
	if diff := cmp.Diff([]any{want.Floor, want.Log, want.HTTP.Listen}, []any{got.Floor, got.Log, got.HTTP.Listen}); diff != "" {
		t.Error(diff)
	}
	got.XMPP.JID, got.XMPP.Password = "", Secret{}
	if diff := cmp.Diff(want.XMPP, got.XMPP, cmp.AllowUnexported(Secret{})); diff != "" {
		t.Error(diff)
	}
	password, err := c.Switches[0].Password.Read()
	if err != nil || password != "the ari-password of the test" {
		t.Errorf("%q, %v", password, err)
	}
}

func TestTheSampleExplainsEveryKey(t *testing.T) {
	lines := floorplan.Lines(strings.ReplaceAll(sample, "\n# ", "\n"))
	for _, s := range sections() {
		for _, name := range names(s.keys) {
			if lines[s.name+"."+name] == 0 {
				t.Errorf("the sample does not explain %s.%s", s.name, name)
			}
		}
	}
	for _, name := range names(switchKeys()) {
		if lines["switch[0]."+name] == 0 {
			t.Errorf("the sample does not explain a switch's %s", name)
		}
	}
}

func TestEveryProblemInOneRun(t *testing.T) {
	dir := secrets(t)
	write(t, dir, "two-lines", "a\nb\n")
	write(t, dir, "short", "secret\n")
	file := write(t, dir, "queueapp.toml", `[flor]
[floor]
name = "no good"
[postgres]
dsn = "mysql://root:hunter2@db"
password = "hunter2"
[xmpp]
jid = "queue"
pubsubs = "pubsub.localhost"
mode = "sometimes"
observers = ["crm@example.com", "crm"]
password_file = "nowhere"
[http]
listen = "9580"
token_file = "short"
[log]
level = 3
[[switch]]
name = "east"
url = "http://user:hunter2@127.0.0.1:8088/ari"
user = ""
password_file = "two-lines"
[[switch]]
name = "east"
`)
	_, found := Load(file, false, Environment{"QUEUEAPP_LOG_FORMAT=xml", "QUEUEAPP_LOG_QUEUE_LOG=queue_log", "QUEUEAPP_HTTP_LISTN=x:1", "QUEUEAPP_SWITCH_URL=http://x/ari", "QUEUEAPP_CALL=1"})
	want := []string{
		"QUEUEAPP_HTTP_LISTN: http: is not known; did you mean listen?",
		`QUEUEAPP_LOG_FORMAT: log.format: "xml" is none of text, json`,
		`QUEUEAPP_LOG_QUEUE_LOG: log.queue_log: "queue_log" is no file; write its whole path, such as /var/log/queueapp/queue_log`,
		"QUEUEAPP_SWITCH_URL: switch: names no switch; write QUEUEAPP_SWITCH_<NAME>_<KEY> with the name of a [[switch]]",
		"queueapp.toml:1: flor: is not known; did you mean floor?",
		`queueapp.toml:3: floor.name: "no good" is no name; write up to 40 letters, digits, - and _`,
		"queueapp.toml:5: postgres.dsn: is no DSN; write postgres://user@host:5432/database, or host=… user=… dbname=…",
		"queueapp.toml:6: postgres.password: does not belong in this file; write it to a file of its own and name that in password_file",
		`queueapp.toml:8: xmpp.jid: "queue" is no JID; write user@domain`,
		"queueapp.toml:9: xmpp.pubsubs: is not known; did you mean pubsub?",
		`queueapp.toml:10: xmpp.mode: "sometimes" is none of transient, current`,
		`queueapp.toml:11: xmpp.observers: "crm" is no bare JID; write user@domain`,
		"queueapp.toml:12: xmpp.password_file: cannot be read: no such file or directory; the file must be there and belong to who runs queueapp, mode 0600",
		`queueapp.toml:14: http.listen: "9580" is no address; write host:port`,
		"queueapp.toml:15: http.token_file: holds a token of 6 characters; make one of 16 or more, for instance with: openssl rand -base64 32",
		"queueapp.toml:17: log.level: is no string; write it in quotes",
		"queueapp.toml:20: switch[0].url: holds a user; write it to the keys user and password_file",
		"queueapp.toml:21: switch[0].user: is empty; leave the key out where it is not needed",
		"queueapp.toml:22: switch[0].password_file: " + filepath.Join(dir, "two-lines") + " holds no secret of one line; write the secret on one line",
		`queueapp.toml:23: switch[1].password_file: is missing; write password_file = "/etc/queueapp/ari-password" under its [[switch]]`,
		`queueapp.toml:23: switch[1].url: is missing; write url = "http://127.0.0.1:8088/ari" under its [[switch]]`,
		`queueapp.toml:23: switch[1].user: is missing; write user = "queueapp" under its [[switch]]`,
		"queueapp.toml:24: switch[1].name: is there twice; give each switch a name of its own",
	}
	var got []string
	for _, p := range found {
		got = append(got, strings.TrimPrefix(p.Error(), dir+"/"))
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if strings.Contains(found.Error(), "hunter2") {
		t.Error("a message holds a secret")
	}
}

func TestWhatIsMissing(t *testing.T) {
	_, found := Parse("queueapp.toml", nil, nil)
	var keys []string
	for _, p := range found {
		keys = append(keys, p.Key)
	}
	slices.Sort(keys)
	if want := []string{"http.token_file", "postgres.dsn", "switch", "xmpp.jid", "xmpp.password_file"}; !slices.Equal(keys, want) {
		t.Errorf("missing %q, want %q", keys, want)
	}
}

func TestASyntaxErrorHasItsLine(t *testing.T) {
	_, found := Parse("queueapp.toml", []byte("[floor]\nname = \"main\nbudget = 1\n"), nil)
	if len(found) != 1 || found[0].Line != 2 {
		t.Errorf("%v", found)
	}
}

// everything is an environment that says all there is to say.
func everything() map[string]string {
	return map[string]string{
		"FLOOR_NAME": "east", "FLOOR_APP": "queueapp-east",
		"POSTGRES_DSN": "host=/run/postgresql dbname=queueapp", "POSTGRES_PASSWORD": "p1",
		"XMPP_JID": "queue@example.org/here", "XMPP_ADDRESS": "xmpp:5222", "XMPP_PASSWORD": "p2", "XMPP_PUBSUB": "ps.example.org",
		"XMPP_MODE": "current", "XMPP_OBSERVERS": "crm@example.org, wall@example.org",
		"HTTP_LISTEN": "[::1]:80", "HTTP_TOKEN": "0123456789abcdef", "LOG_LEVEL": "debug", "LOG_FORMAT": "json",
		"LOG_QUEUE_LOG": "/var/log/queue_log",
		"SWITCH_NAME":   "west", "SWITCH_URL": "https://pbx/ari", "SWITCH_USER": "u", "SWITCH_PASSWORD": "p3",
	}
}

func TestTheEnvironmentAloneIsEnough(t *testing.T) {
	var env Environment
	for name, value := range everything() {
		env = append(env, "QUEUEAPP_"+name+"="+value)
	}
	got, found := Load(filepath.Join(t.TempDir(), "none"), true, env)
	if len(found) > 0 {
		t.Fatal(found)
	}
	want := Config{
		Floor:    Floor{"east", "queueapp-east"},
		Postgres: Postgres{"host=/run/postgresql dbname=queueapp", Secret{value: "p1"}},
		XMPP: XMPP{
			JID: "queue@example.org/here", Address: "xmpp:5222", Password: Secret{value: "p2"}, PubSub: "ps.example.org",
			Mode: "current", Observers: []string{"crm@example.org", "wall@example.org"},
		},
		HTTP:     HTTP{"[::1]:80", Secret{value: "0123456789abcdef"}},
		Log:      Log{"debug", "json", "/var/log/queue_log"},
		Switches: []Switch{{"west", "https://pbx/ari", "u", Secret{value: "p3"}, ""}},
	}
	want.File, want.env = got.File, got.env
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(Config{}, Secret{})); diff != "" {
		t.Error(diff)
	}
}

func TestEveryKeyIsInTheEnvironmentToo(t *testing.T) {
	given := everything()
	known := map[string]bool{}
	for _, s := range sections() {
		for _, k := range s.keys {
			known[strings.ToUpper(s.name+"_"+k.name)] = true
		}
	}
	for _, k := range switchKeys() {
		known[strings.ToUpper("switch_"+k.name)] = true
	}
	for name := range known {
		if _, there := given[name]; !there && !strings.HasSuffix(name, "_FILE") {
			t.Errorf("QUEUEAPP_%s is not tried", name)
		}
	}
	for name := range maps.Keys(given) {
		if !known[name] {
			t.Errorf("QUEUEAPP_%s is not known", name)
		}
	}
}

func TestTheEnvironmentWins(t *testing.T) {
	dir := secrets(t)
	file := write(t, dir, "queueapp.toml", sample+"[[switch]]\nname = \"far-east\"\nurl = \"http://b/ari\"\nuser = \"q\"\npassword_file = \"ari-password\"\n")
	c, found := Load(file, false, Environment{
		"QUEUEAPP_HTTP_TOKEN=a-token-of-the-environment", "QUEUEAPP_SWITCH_FAR_EAST_URL=http://c/ari", "QUEUEAPP_LOG_LEVEL=", "QUEUEAPP_TEST_DATABASE=x",
	})
	if len(found) > 0 {
		t.Fatal(found)
	}
	token, err := c.HTTP.Token.Read()
	if err != nil || token != "a-token-of-the-environment" || c.Switches[1].URL != "http://c/ari" || c.Log.Level != "info" {
		t.Errorf("%q %v %+v", token, err, c)
	}
}

func TestACredentialOfSystemdComesFirst(t *testing.T) {
	dir, credentials := secrets(t), t.TempDir()
	write(t, credentials, "http-token", "the token that systemd hands over")
	c, found := Load(write(t, dir, "queueapp.toml", sample), false, Environment{"CREDENTIALS_DIRECTORY=" + credentials})
	if len(found) > 0 {
		t.Fatal(found)
	}
	if token, err := c.HTTP.Token.Read(); err != nil || token != "the token that systemd hands over" {
		t.Errorf("%q, %v", token, err)
	}
	if password, err := c.XMPP.Password.Read(); err != nil || password != "the xmpp-password of the test" {
		t.Errorf("%q, %v", password, err)
	}
}

func TestASecretIsNeverShown(t *testing.T) {
	c := Config{HTTP: HTTP{Token: Secret{value: "hunter2", file: "/hunter2"}}}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		if text := fmt.Sprintf(verb, c); strings.Contains(text, "hunter2") {
			t.Errorf("%s shows it: %s", verb, text)
		}
	}
}

func TestABadCAIsSaid(t *testing.T) {
	dir := secrets(t)
	write(t, dir, "ca.pem", "no certificate\n")
	for name, says := range map[string]string{"ca.pem": "holds no certificate", "none.pem": "cannot be read"} {
		_, found := Load(write(t, dir, "queueapp.toml", sample), false, Environment{"QUEUEAPP_XMPP_CA_FILE=" + name})
		_, more := Load(write(t, dir, "queueapp.toml", Sample()+"ca_file = \""+name+"\"\n"), false, nil)
		for _, found := range []Problems{found, more} {
			if len(found) != 1 || !strings.Contains(found[0].What, says) || !strings.Contains(found[0].Key, "ca_file") {
				t.Errorf("%s: %v", name, found)
			}
		}
	}
}

func TestWhereTheAPIIsAsked(t *testing.T) {
	for listen, want := range map[string]string{
		"127.0.0.1:9580": "http://127.0.0.1:9580", "0.0.0.0:80": "http://127.0.0.1:80", "[::]:80": "http://127.0.0.1:80",
		":9580": "http://127.0.0.1:9580", "[::1]:80": "http://[::1]:80", "pbx:http": "http://pbx:http",
	} {
		if got := (HTTP{Listen: listen}).URL(); got != want {
			t.Errorf("%s: %s, want %s", listen, got, want)
		}
	}
}

// FuzzConfig holds that no file crashes the reader, that every problem says where and what, and that none shows a secret
// of the environment.
func FuzzConfig(f *testing.F) {
	f.Add(sample)
	f.Add("[[switch]]\n[switch]\n")
	f.Add("switch = 1\nxmpp = 2\nfloor.name = 3\n\"floor\".app = [1]\n")
	f.Add("[xmpp]\nobservers = [1, [2], {a = 3}]\nbudget = \"-1s\"\n")
	f.Fuzz(func(t *testing.T, text string) {
		_, found := Parse("queueapp.toml", []byte(text), Environment{"QUEUEAPP_HTTP_TOKEN=hunter2hunter2hunter2"})
		for _, p := range found {
			if p.What == "" || p.File == "" || strings.Contains(p.Error(), "hunter2hunter2") && !strings.Contains(text, "hunter2") {
				t.Errorf("%q", p)
			}
		}
	})
}

// What earlier releases were configured with is still right.
func TestFilesOfEarlierReleases(t *testing.T) {
	files, err := filepath.Glob("testdata/release/*.toml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no file of any release: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if _, found := Load(write(t, secrets(t), "queueapp.toml", string(text)), false, nil); len(found) > 0 {
			t.Errorf("%s: %v", file, found)
		}
	}
}

package config

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
)

// key is one key of queueapp.toml: how a value, from the file or the environment, comes into T, and what is wrong with it.
type key[T any] struct {
	name    string
	envOnly bool // secrets themselves stand in no file that others read
	set     func(*T, value) error
}

// value is what a key is given: a string, or a list of strings. From the environment a list is separated by commas.
type value struct {
	text  string
	list  []string
	isSet bool // it is a list
}

// section is a table of queueapp.toml that is there once.
type section struct {
	name string
	keys []key[Config]
}

func sections() []section {
	return []section{
		{"floor", []key[Config]{
			{"name", false, text(func(c *Config) *string { return &c.Floor.Name }, plainName)},
			{"app", false, text(func(c *Config) *string { return &c.Floor.App }, plainName)},
		}},
		{"postgres", []key[Config]{
			{"dsn", false, text(func(c *Config) *string { return &c.Postgres.DSN }, isDSN)},
			{"password_file", false, text(func(c *Config) *string { return &c.Postgres.Password.file })},
			{"password", true, text(func(c *Config) *string { return &c.Postgres.Password.value })},
		}},
		{"xmpp", []key[Config]{
			{"jid", false, text(func(c *Config) *string { return &c.XMPP.JID }, isAccount)},
			{"address", false, text(func(c *Config) *string { return &c.XMPP.Address }, isAddress)},
			{"password_file", false, text(func(c *Config) *string { return &c.XMPP.Password.file })},
			{"password", true, text(func(c *Config) *string { return &c.XMPP.Password.value })},
			{"ca_file", false, text(func(c *Config) *string { return &c.XMPP.CAFile })},
			{"pubsub", false, text(func(c *Config) *string { return &c.XMPP.PubSub }, isService)},
			{"mode", false, text(func(c *Config) *string { return &c.XMPP.Mode }, oneOf("transient", "current"))},
			{"observers", false, accounts(func(c *Config) *[]string { return &c.XMPP.Observers })},
		}},
		{"http", []key[Config]{
			{"listen", false, text(func(c *Config) *string { return &c.HTTP.Listen }, isAddress)},
			{"token_file", false, text(func(c *Config) *string { return &c.HTTP.Token.file })},
			{"token", true, text(func(c *Config) *string { return &c.HTTP.Token.value })},
		}},
		{"log", []key[Config]{
			{"level", false, text(func(c *Config) *string { return &c.Log.Level }, oneOf("debug", "info", "warn", "error"))},
			{"format", false, text(func(c *Config) *string { return &c.Log.Format }, oneOf("text", "json"))},
			{"queue_log", false, text(func(c *Config) *string { return &c.Log.QueueLog }, isFile)},
		}},
	}
}

// switchKeys are the keys of each [[switch]].
func switchKeys() []key[Switch] {
	return []key[Switch]{
		{"name", false, text(func(s *Switch) *string { return &s.Name }, plainName)},
		{"url", false, text(func(s *Switch) *string { return &s.URL }, isARI)},
		{"user", false, text(func(s *Switch) *string { return &s.User })},
		{"password_file", false, text(func(s *Switch) *string { return &s.Password.file })},
		{"password", true, text(func(s *Switch) *string { return &s.Password.value })},
		{"ca_file", false, text(func(s *Switch) *string { return &s.CAFile })},
	}
}

// names are the keys that may stand in the file.
func names[T any](keys []key[T]) []string {
	var out []string
	for _, k := range keys {
		if !k.envOnly {
			out = append(out, k.name)
		}
	}
	return out
}

func text[T any](field func(*T) *string, checks ...func(string) error) func(*T, value) error {
	return func(t *T, v value) error {
		if v.isSet {
			return errors.New("is a list; write one string")
		}
		if v.text == "" {
			return errors.New("is empty; leave the key out where it is not needed")
		}
		if strings.ContainsFunc(v.text, unicode.IsControl) {
			return errors.New("has control characters; write plain text")
		}
		for _, check := range checks {
			if err := check(v.text); err != nil {
				return err
			}
		}
		*field(t) = v.text
		return nil
	}
}

func accounts[T any](field func(*T) *[]string) func(*T, value) error {
	return func(t *T, v value) error {
		list := v.list
		if !v.isSet {
			list = strings.FieldsFunc(v.text, func(r rune) bool { return r == ',' || r == ' ' })
		}
		for _, jid := range list {
			if err := isBareAccount(jid); err != nil {
				return fmt.Errorf("%q %w", jid, err)
			}
		}
		*field(t) = list
		return nil
	}
}

func oneOf(words ...string) func(string) error {
	return func(s string) error {
		if !slices.Contains(words, s) {
			return fmt.Errorf("%q is none of %s", s, strings.Join(words, ", "))
		}
		return nil
	}
}

// isFile is a file that is not there yet, as a rule: so its name says where, whatever directory the service runs in.
func isFile(s string) error {
	if !filepath.IsAbs(s) || strings.HasSuffix(s, "/") {
		return fmt.Errorf("%q is no file; write its whole path, such as /var/log/queueapp/queue_log", s)
	}
	return nil
}

// plainName is a name that goes into channel ids, ARI's query strings and log lines as it is.
func plainName(s string) error {
	plain := func(r rune) bool {
		return r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' || r == '_')
	}
	if len(s) > 40 || strings.ContainsFunc(s, func(r rune) bool { return !plain(r) }) {
		return fmt.Errorf("%q is no name; write up to 40 letters, digits, - and _", s)
	}
	return nil
}

func isAddress(s string) error {
	_, port, err := net.SplitHostPort(s)
	if err == nil {
		_, err = net.LookupPort("tcp", port)
	}
	if err != nil {
		return fmt.Errorf("%q is no address; write host:port", s)
	}
	return nil
}

func isAccount(s string) error {
	bare, resource, slash := strings.Cut(s, "/")
	if err := isBareAccount(bare); err != nil || slash && resource == "" {
		return fmt.Errorf("%q is no JID; write user@domain", s)
	}
	return nil
}

// isBareAccount is a first look: the server knows best what it takes for a JID (RFC 7622).
func isBareAccount(s string) error {
	local, domain, at := strings.Cut(s, "@")
	if !at || local == "" || len(s) > 2047 || strings.ContainsAny(local, "\"&'/:<> ") || isService(domain) != nil {
		return errors.New("is no bare JID; write user@domain")
	}
	return nil
}

func isService(s string) error {
	if s == "" || strings.ContainsAny(s, "@/ <>&\"'") || strings.ContainsFunc(s, unicode.IsControl) {
		return fmt.Errorf("%q is no service; write its domain, such as pubsub.example.com", s)
	}
	return nil
}

func isARI(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return errors.New("is no URL of ARI's; write one such as http://127.0.0.1:8088/ari")
	}
	if u.User != nil {
		return errors.New("holds a user; write it to the keys user and password_file")
	}
	if u.RawQuery != "" || u.Fragment != "" {
		return errors.New("holds more than a place; write one such as http://127.0.0.1:8088/ari")
	}
	return nil
}

// isDSN does not quote what it refuses: a DSN may hold a password.
func isDSN(s string) error {
	if u, err := url.Parse(s); err == nil && (u.Scheme == "postgres" || u.Scheme == "postgresql") {
		return nil
	}
	if strings.Contains(s, "=") && !strings.Contains(s, "://") {
		return nil
	}
	return errors.New("is no DSN; write postgres://user@host:5432/database, or host=… user=… dbname=…")
}

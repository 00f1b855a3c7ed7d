package config

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
)

// settle makes files' names absolute and says what is missing, doubled or cannot be read.
func (l *loader) settle() {
	l.settleSecret("postgres", "password", &l.Postgres.Password, false)
	l.settleSecret("xmpp", "password", &l.XMPP.Password, true)
	l.settleSecret("http", "token", &l.HTTP.Token, true)
	l.settleToken()
	l.settleCA("xmpp.ca_file", &l.XMPP.CAFile, "XMPP server's")
	l.need("postgres.dsn", l.Postgres.DSN, `dsn = "postgres://queueapp@127.0.0.1/queueapp"`)
	l.need("xmpp.jid", l.XMPP.JID, `jid = "queue@example.com"`)
	l.settleSwitches()
}

// need complains where a key was given nowhere. What was given and refused is complained of already.
func (l *loader) need(key, given, example string) {
	if given != "" || slices.ContainsFunc(l.problems, func(p Problem) bool { return p.Key == key }) {
		return
	}
	table, _, _ := strings.Cut(key, ".")
	l.problems = append(l.problems, Problem{l.File, l.lines[table], key,
		fmt.Sprintf("is missing; write %s under [%s], or set %s", example, table, envName(key))})
}

// settleSecret checks that a secret can be read, where there is or must be one. It never shows it.
func (l *loader) settleSecret(table, name string, s *Secret, needed bool) {
	s.file = l.place(s.file)
	key := table + "." + name + "_file"
	if !s.given() {
		if needed {
			l.need(key, "", fmt.Sprintf(`%s_file = "/etc/queueapp/%s-%s"`, name, table, name))
		}
		return
	}
	if _, err := s.Read(); err != nil {
		l.complain(key, secretRemedy(err))
	}
}

func secretRemedy(err error) string {
	if os.IsPermission(err) || os.IsNotExist(err) {
		return Unreadable(err) + "; the file must be there and belong to who runs queueapp, mode 0600"
	}
	return err.Error() + "; write the secret on one line"
}

// minToken is short enough for `openssl rand -hex 8`, and long enough that nobody guesses it.
const minToken = 16

func (l *loader) settleToken() {
	token, err := l.HTTP.Token.Read()
	if err == nil && token != "" && len(token) < minToken {
		l.complain("http.token_file", fmt.Sprintf("holds a token of %d characters; make one of %d or more, for instance with: openssl rand -base64 32",
			len(token), minToken))
	}
}

func (l *loader) settleCA(key string, file *string, whose string) {
	*file = l.place(*file)
	if *file == "" {
		return
	}
	switch _, err := authorities(*file); {
	case errors.Is(err, errNoCertificate):
		l.complain(key, err.Error())
	case err != nil:
		l.complain(key, Unreadable(err)+"; name the PEM file of the authority that signed the "+whose+" certificate")
	}
}

func (l *loader) settleSwitches() {
	if len(l.Switches) == 0 && l.lines["switch"] == 0 {
		l.problems = append(l.problems, Problem{File: l.File, Key: "switch",
			What: "is missing; write [[switch]] with name, url, user and password_file of an Asterisk's ARI"})
	}
	seen := map[string]bool{}
	for i := range l.Switches {
		s, table := &l.Switches[i], fmt.Sprintf("switch[%d]", i)
		s.Password.file = l.place(s.Password.file)
		for _, k := range []struct{ name, given, example string }{
			{"name", s.Name, `name = "asterisk"`},
			{"url", s.URL, `url = "http://127.0.0.1:8088/ari"`},
			{"user", s.User, `user = "queueapp"`},
			{"password_file", s.Password.file + s.Password.value, `password_file = "/etc/queueapp/ari-password"`},
		} {
			l.needOfSwitch(table, k.name, k.given, k.example)
		}
		if s.Name != "" && seen[envWord(s.Name)] {
			l.complain(table+".name", "is there twice; give each switch a name of its own")
		}
		seen[envWord(s.Name)] = true
		l.settleCA(table+".ca_file", &s.CAFile, "switch's")
		if _, err := s.Password.Read(); err != nil {
			l.complain(table+".password_file", secretRemedy(err))
		}
	}
}

func (l *loader) needOfSwitch(table, name, given, example string) {
	key := table + "." + name
	if given != "" || slices.ContainsFunc(l.problems, func(p Problem) bool { return p.Key == key }) {
		return
	}
	l.problems = append(l.problems, Problem{l.File, l.lines[table], key, "is missing; write " + example + " under its [[switch]]"})
}

// envName is the variable of a key: QUEUEAPP_POSTGRES_DSN.
func envName(key string) string {
	return "QUEUEAPP_" + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
}

// envWord is a switch's name as variables have it.
func envWord(name string) string { return strings.ToUpper(strings.ReplaceAll(name, "-", "_")) }

// readEnvironment lays QUEUEAPP_SECTION_KEY over the file. An empty variable says nothing; one that no section knows is
// a slip of the pen, while those of no section at all are somebody else's.
func (l *loader) readEnvironment() {
	vars := slices.Clone(l.env)
	slices.Sort(vars)
	for _, assignment := range vars {
		name, text, _ := strings.Cut(assignment, "=")
		rest, ours := strings.CutPrefix(name, "QUEUEAPP_")
		if !ours || text == "" {
			continue
		}
		if word, ok := strings.CutPrefix(rest, "SWITCH_"); ok {
			l.switchVariable(name, word, text)
			continue
		}
		for _, s := range sections() {
			if word, ok := strings.CutPrefix(rest, strings.ToUpper(s.name)+"_"); ok {
				setVariable(l, name, s.name, word, text, s.keys, &l.Config)
			}
		}
	}
}

// switchVariable sets a key of the only switch (QUEUEAPP_SWITCH_URL) or of a named one (QUEUEAPP_SWITCH_EAST_URL).
func (l *loader) switchVariable(name, word, text string) {
	known := func(word string) bool {
		return slices.ContainsFunc(switchKeys(), func(k key[Switch]) bool { return strings.ToUpper(k.name) == word })
	}
	if known(word) && len(l.Switches) == 0 {
		l.Switches = append(l.Switches, Switch{Name: "main"})
	}
	if known(word) && len(l.Switches) == 1 {
		setVariable(l, name, "switch[0]", word, text, switchKeys(), &l.Switches[0])
		return
	}
	for i := range l.Switches {
		if k, ok := strings.CutPrefix(word, envWord(l.Switches[i].Name)+"_"); ok && known(k) {
			setVariable(l, name, fmt.Sprintf("switch[%d]", i), k, text, switchKeys(), &l.Switches[i])
			return
		}
	}
	l.problems = append(l.problems, Problem{File: name, Key: "switch",
		What: "names no switch; write QUEUEAPP_SWITCH_<NAME>_<KEY> with the name of a [[switch]]"})
}

func setVariable[T any](l *loader, name, table, word, text string, keys []key[T], into *T) {
	for _, k := range keys {
		if strings.ToUpper(k.name) != word {
			continue
		}
		if err := k.set(into, value{text: text}); err != nil {
			l.problems = append(l.problems, Problem{File: name, Key: table + "." + k.name, What: err.Error()})
		}
		return
	}
	l.problems = append(l.problems, Problem{File: name, Key: table,
		What: "is not known; " + suggest(strings.ToLower(word), names(keys))})
}

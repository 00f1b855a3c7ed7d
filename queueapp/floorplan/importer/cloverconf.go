package importer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// cloverKeys are what stands at the top of cloverq-conf.json.
func cloverKeys() []string {
	return []string{
		"QueueLog", "CallManagers", "StateProviders", "LoginProviders", "StasisQueueAppName", "StasisLoginAppName", "StasisStateAppName",
	}
}

// recogniseJSON tells CloverQ's file from others.
func recogniseJSON(name string, text []byte) (Format, error) {
	leaves, err := readJSON(name, text)
	if err != nil {
		return "", err
	}
	for _, l := range leaves {
		top, _, _ := strings.Cut(l.key, ".")
		if slices.Contains(cloverKeys(), strings.TrimRight(top, "[]0123456789")) {
			return CloverQ, nil
		}
	}
	return "", fmt.Errorf("%s: has none of %s in it; %s", name, strings.Join(cloverKeys(), ", "), known)
}

// readJSON gives every value of a file, with its path and line.
func readJSON(name string, text []byte) ([]line, error) {
	r := jsonReader{Decoder: json.NewDecoder(bytes.NewReader(text)), file: name, text: text, at: 1}
	r.UseNumber()
	if err := r.value("", 0); err != nil {
		return nil, fmt.Errorf("%s:%d: is not well-formed JSON: %s; mend it", name, r.line(), tidy(err.Error()))
	}
	if _, err := r.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s:%d: more follows after the last }; take it out", name, r.line())
	}
	return r.leaves, nil
}

type jsonReader struct {
	*json.Decoder
	file   string
	text   []byte
	leaves []line
	read   int64 // up to where lines are counted
	at     int
}

func (r *jsonReader) line() int {
	if to := min(r.InputOffset(), int64(len(r.text))); to > r.read {
		r.at += bytes.Count(r.text[r.read:to], []byte("\n"))
		r.read = to
	}
	return r.at
}

func (r *jsonReader) value(path string, depth int) error {
	token, err := r.Token()
	switch {
	case errors.Is(err, io.EOF):
		return io.ErrUnexpectedEOF
	case err != nil:
		return err
	case depth > mostDepth || len(r.leaves) > mostNodes || len(path) > 1000:
		return errTooMuch
	}
	delim, open := token.(json.Delim)
	if !open {
		l := line{file: r.file, n: r.line(), key: path, value: fmt.Sprint(token)}
		if token == nil {
			l.value = "null"
		}
		l.secret = strings.HasSuffix(path, "Password")
		r.leaves = append(r.leaves, l)
		return nil
	}
	for i := 0; r.More(); i++ {
		inner := fmt.Sprintf("%s[%d]", path, i)
		if delim == '{' {
			key, err := r.Token()
			if err != nil {
				return err
			}
			inner = strings.TrimPrefix(fmt.Sprintf("%s.%s", path, key), ".")
		}
		if err := r.value(inner, depth+1); err != nil {
			return err
		}
	}
	_, err = r.Token()
	return err
}

// cloverConf says where in queueapp.toml stands what cloverq-conf.json says: nothing of it is the floor's.
func (d *draft) cloverConf(f File) error {
	leaves, err := readJSON(f.Name, f.Text)
	if err != nil {
		return err
	}
	for _, l := range leaves {
		top, _, _ := strings.Cut(l.key, ".")
		top = strings.TrimRight(top, "[]0123456789")
		switch top {
		case "CallManagers":
			d.add(l, "", elsewhere("is how to connect", "write a [[switch]] for each into queueapp.toml, with url = \"http://IP:PORT/ari\", user and password_file"))
		case "StateProviders", "LoginProviders":
			d.add(l, "", elsewhere("phones register at any [[switch]], and are heard there", "write a [[switch]] for it too, and its name as switch of the extensions"))
		case "StasisQueueAppName":
			d.add(l, "", elsewhere("is the name in Stasis()", "write it as [floor] app of queueapp.toml, or use queueapp in the dialplan"))
		case "StasisLoginAppName", "StasisStateAppName":
			d.add(l, "", needless("one Stasis application does it all: Stasis(queueapp,agent,logon)"))
		case "QueueLog":
			d.add(l, "", needless("the journal holds every step; CloverQ does not read the prefix either"))
		default:
			d.add(l, "", notUnderstood("nothing is lost: it had no effect", "CloverQ reads no such key"))
		}
	}
	return nil
}

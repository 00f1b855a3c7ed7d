package importer

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// A node is an element of an XML file.
type node struct {
	name  string
	n     int // the line on which it begins
	attrs []line
	text  string
	kids  []*node
}

// The limits of a file: far more than any site has.
const (
	mostNodes = 1_000_000
	mostDepth = 32
)

// readXML reads a file as a tree. Entities that the file itself declares are refused: they are how a small file becomes a
// large one.
func readXML(name string, text []byte) (*node, error) {
	dec := xml.NewDecoder(bytes.NewReader(text))
	path := []*node{{}}
	for count := 0; ; {
		at, _ := dec.InputPos()
		from := dec.InputOffset()
		token, err := dec.Token()
		switch {
		case errors.Is(err, io.EOF):
			return path[0], nil
		case err != nil:
			return nil, malformed(name, err)
		}
		now := path[len(path)-1]
		switch t := token.(type) {
		case xml.StartElement:
			if count++; count > mostNodes || len(path) > mostDepth {
				return nil, fmt.Errorf("%s:%d: %w", name, at, errTooMuch)
			}
			kid := element(name, at, t, text[from:dec.InputOffset()])
			now.kids = append(now.kids, kid)
			path = append(path, kid)
		case xml.EndElement:
			path = path[:len(path)-1]
		case xml.CharData:
			if s := bytes.TrimSpace(t); len(s) > 0 && len(now.kids) == 0 && len(now.text) < longestLine {
				now.text += string(s)
			}
		case xml.Directive:
			if bytes.Contains(t, []byte("ENTITY")) {
				return nil, fmt.Errorf("%s:%d: declares entities, which are not unfolded; write out what they stand for", name, at)
			}
		}
	}
}

func malformed(name string, err error) error {
	var syntax *xml.SyntaxError
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("%s:%d: is not well-formed XML: %s; mend it, or let the system it is of write it anew", name, syntax.Line, tidy(syntax.Msg))
	case strings.Contains(err.Error(), "CharsetReader"):
		return fmt.Errorf("%s: is not UTF-8; save it as UTF-8, and say so in its first line", name)
	}
	return fmt.Errorf("%s: cannot be read as XML: %s", name, tidy(err.Error()))
}

func element(file string, at int, t xml.StartElement, raw []byte) *node {
	n := &node{name: t.Name.Local, n: at}
	for _, a := range t.Attr {
		l := line{file: file, n: at, key: a.Name.Local, value: a.Value}
		if i := bytes.Index(raw, []byte(a.Name.Local+"=")); i > 0 {
			l.n += bytes.Count(raw[:i], []byte("\n"))
		}
		n.attrs = append(n.attrs, l)
	}
	return n
}

// attr is an attribute's value, "" where it has none.
func (n *node) attr(name string) string { return n.attrLine(name).value }

func (n *node) attrLine(name string) line {
	for _, a := range n.attrs {
		if a.is(name) {
			return a
		}
	}
	return line{}
}

// kid is the last child of a name, as with options that are there twice; nil: there is none.
func (n *node) kid(name string) *node {
	for _, k := range slices.Backward(n.kids) {
		if k.name == name {
			return k
		}
	}
	return nil
}

// find is every element of the tree for which want holds, from the top.
func (n *node) find(want func(*node) bool) []*node {
	if want(n) {
		return []*node{n}
	}
	var out []*node
	for _, k := range n.kids {
		out = append(out, k.find(want)...)
	}
	return out
}

// strayNodes says of what stands where nobody looks that nobody does.
func (d *draft) strayNodes(file string, n *node) {
	for _, k := range n.kids {
		if len(k.attrs) > 0 || k.text != "" {
			d.rest(line{file: file, n: k.n, key: "<" + k.name + ">"}, n.name, notUnderstood("nothing is lost: it had no effect", "nothing is read here"))
		}
		d.strayNodes(file, k)
	}
}

func isCallCenter(n *node) bool {
	return n.name == "configuration" && strings.TrimSuffix(n.attr("name"), ".xml") == "callcenter.conf"
}

func isQueues(n *node) bool  { return n.name == "ArrayOfDTOQueue" }
func isMembers(n *node) bool { return n.name == "ArrayOfDTOMember" }

// recogniseXML tells the XML files from each other, and from others.
func recogniseXML(name string, text []byte) (Format, error) {
	root, err := readXML(name, text)
	if err != nil {
		return "", err
	}
	for format, is := range map[Format]func(*node) bool{CallCenter: isCallCenter, CloverQQueues: isQueues, CloverQMembers: isMembers} {
		if len(root.find(is)) > 0 {
			return format, nil
		}
	}
	return "", fmt.Errorf("%s: has neither <configuration name=\"callcenter.conf\"> nor CloverQ's <ArrayOfDTOQueue> or <ArrayOfDTOMember>; %s", name, known)
}

package store

import (
	"encoding/json"
	"fmt"

	"ringside/queueapp"
)

// need is how a skill that a call asks for is kept.
type need struct {
	Skill string `json:"skill"`
	Least int    `json:"least"`
}

func encodeNeeds(needs []queueapp.Need) string {
	list := make([]need, 0, len(needs))
	for _, n := range needs {
		list = append(list, need{text(n.Skill), n.Least})
	}
	b, err := json.Marshal(list)
	if err != nil {
		panic(fmt.Sprintf("store: texts and numbers that are no JSON: %v", err))
	}
	return string(b)
}

func decodeNeeds(s string) (needs []queueapp.Need, err error) {
	var list []need
	if err := json.Unmarshal([]byte(s), &list); err != nil {
		return nil, fmt.Errorf("read what skills a call asks for: %w", err)
	}
	for _, n := range list {
		needs = append(needs, queueapp.Need(n))
	}
	return needs, nil
}

package aritest_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

var clock = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d{4}$`)

// plain is JSON without what differs from run to run, or is not read by anybody here.
func plain(v any) string {
	b, err := json.Marshal(simple("", v))
	if err != nil {
		return err.Error()
	}
	return string(b)
}

func simple(key string, v any) any {
	switch v := v.(type) {
	case map[string]any:
		return simpleObject(v)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = simple("", v[i])
		}
		if key != "args" { // Asterisk lists in the order of its tables
			slices.SortFunc(out, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
		}
		return out
	case string:
		switch {
		case clock.MatchString(v):
			return "TIME"
		case key == "name":
			if dash := strings.LastIndexByte(v, '-'); dash > 0 && len(v)-dash == 9 {
				return v[:dash]
			}
		}
	}
	return v
}

func simpleObject(v map[string]any) map[string]any {
	out := map[string]any{}
	for k, m := range v {
		switch k {
		case "connected", "protocol_id", "technology", "asterisk_id", "entity_id", "tech_cause", "video_mode", "duration", "build", "config", "formats":
			continue
		case "version":
			m = "VERSION"
		case "peer":
			if peer, ok := m.(map[string]any); ok && v["dialstatus"] != "ANSWER" {
				delete(peer, "state") // the phone is sometimes quicker than the telling
			}
		case "dialplan":
			if at, ok := m.(map[string]any); ok && at["app_name"] != "Stasis" && at["app_name"] != "AppDial2" {
				m = "elsewhere"
			}
		}
		out[k] = simple(k, m)
	}
	return out
}

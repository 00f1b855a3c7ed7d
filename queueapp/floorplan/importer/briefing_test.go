package importer

import "testing"

func TestTheKeyByWhichAnAgentConfirms(t *testing.T) {
	t.Parallel()
	for contact, want := range map[string]string{
		"user/1000@default":                      "",
		"{group_confirm_key=1}user/1000@default": "1",
		"[leg_timeout=10,group_confirm_file=a.wav,group_confirm_key=#]user/1000": "#",
		"<group_confirm_key=*>user/1000":                                         "*",
		"{group_confirm_key=exec,group_confirm_file=lua confirm.lua}user/1000":   "",
		"{group_confirm_key=12}user/1000":                                        "",
		"{group_confirm_key=1":                                                   "", "user/group_confirm_key=1": "", "{group_confirm_key=}user/1000": "",
	} {
		if got := confirmKey(contact); got != want {
			t.Errorf("%s: %q, want %q", contact, got, want)
		}
	}
}

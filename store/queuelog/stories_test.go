package queuelog_test

type story struct {
	name, floor, events string
	but                 string // an event's entries that it is not about
	want                string
}

func stories() []story {
	return append(append(talks(), ends()...), people()...)
}

func talks() []story {
	const one = "queue support leastrecent ring 20s wrapup 0s\nagent 1000"
	return []story{
		{name: "a conversation that the agent ends", floor: one, events: `
0s       enter c1 support from 0301 "Ana" code 1111 "Company 1" url https://crm/1
0.002s   offered c1.1 ok
3.5s     up c1.1
4.01s    connected c1.1
1m4s     ended c1.1 hangup cause 16`, want: `
0|17.c1|support|NONE|ENTERQUEUE|https://crm/1|0301|1|Ana
4|17.c1|support|1000|CONNECT|4|rs1.c1.1.1|3
64|17.c1|support|1000|COMPLETEAGENT|4|60|1`},
		{name: "a conversation that the caller ends", floor: one, events: `
0s       enter c1 support
0s       enter c2 support
0.002s   offered c1.1 ok
1s       up c1.1
1s       connected c1.1
3s       hangup c1
3s       ended c1.1 hangup
3s       offered c2.1 ok
5s       up c2.1
5s       connected c2.1
9s       hangup c2`, want: `
0|17.c1|support|NONE|ENTERQUEUE|||1
0|17.c2|support|NONE|ENTERQUEUE|||2
1|17.c1|support|1000|CONNECT|1|rs1.c1.1.1|0
3|17.c1|support|1000|COMPLETECALLER|1|2|1
5|17.c2|support|1000|CONNECT|5|rs1.c2.1.1|2
9|17.c2|support|1000|COMPLETECALLER|5|4|2`},
		{name: "callers on hold", floor: one, events: `
0s       enter c1 support
0s       offered c1.1 ok
1s       up c1.1
1s       connected c1.1
3s       held c1.1
10s      resumed c1.1
20s      held c1.1
25s      hangup c1`, want: `
0|17.c1|support|NONE|ENTERQUEUE|||1
1|17.c1|support|1000|CONNECT|1|rs1.c1.1.1|1
3|17.c1|support|1000|HOLD|
10|17.c1|support|1000|UNHOLD|7
20|17.c1|support|1000|HOLD|
25|17.c1|support|1000|UNHOLD|5
25|17.c1|support|1000|COMPLETECALLER|1|24|1`},
		{name: "phones that ring in vain", floor: "queue support leastrecent ring 20s retry 1s no_answer_delay 1s busy_delay 1s reject_delay 1s unreachable_delay 1s\nagent 1000",
			events: `
0s       enter c1 support
0s       offered c1.1 ok
20.5s    ended c1.1 no-answer
22s      offered c1.2 ok
22.1s    ended c1.2 busy
24s      offered c1.3 ok
25s      ended c1.3 refused
27s      offered c1.4 ok
27.2s    ended c1.4 unreachable
29s      offered c1.5 ok
29.3s    ended c1.5 lost`, want: `
0|17.c1|support|NONE|ENTERQUEUE|||1
20|17.c1|support|1000|RINGNOANSWER|20500
22|17.c1|support|1000|RINGNOANSWER|100
25|17.c1|support|1000|RINGNOANSWER|1000
27|17.c1|support|1000|RINGNOANSWER|200
29|17.c1|support|1000|RINGCANCELED|300`},
		{name: "picked up and put down before the caller was there", floor: one, events: `
0s       enter c1 support
0s       offered c1.1 ok
2s       up c1.1
2.1s     ended c1.1 hangup`, want: `
0|17.c1|support|NONE|ENTERQUEUE|||1
2|17.c1|support|1000|AGENTDUMP|`},
		{name: "agents who are told something first", floor: "queue support leastrecent ring 20s wrapup 0s retry 2s agent_announce ringside/queue-support\nagent 1000", events: `
0s       enter c1 support
0s       offered c1.1 ok
2s       up c1.1
3s       ended c1.1 hangup
5s       offered c1.2 ok
8s       up c1.2
10s      briefed c1.2
10s      connected c1.2
20s      hangup c1
20s      ended c1.2 hangup
21s      enter c2 support
21s      offered c2.1 ok
22s      up c2.1
25s      hangup c2`, want: `
0|17.c1|support|NONE|ENTERQUEUE|||1
3|17.c1|support|1000|AGENTDUMP|
10|17.c1|support|1000|CONNECT|10|rs1.c1.2.1|3
20|17.c1|support|1000|COMPLETECALLER|10|10|1
21|17.c2|support|NONE|ENTERQUEUE|||1
25|17.c2|support|1000|RINGCANCELED|1000
25|17.c2|support|NONE|ABANDON|1|1|4`},
		{
			name:  "agents who have to accept",
			floor: "queue support ringall ring 20s wrapup 0s retry 1m accept 1 accept_timeout 5s\nagent 1000\nagent 1001", events: `
0s       enter c1 support
0s       offered c1.1 ok
0s       offered c1.2 ok
2s       up c1.1
3s       briefed c1.1
8.1s     ended c1.1 hangup
9s       up c1.2
12s      accepted c1.2
12s      connected c1.2
20s      hangup c1`, want: `
0|17.c1|support|NONE|ENTERQUEUE|||1
8|17.c1|support|1000|RINGNOANSWER|2000
12|17.c1|support|1001|CONNECT|12|rs1.c1.2.1|9
20|17.c1|support|1001|COMPLETECALLER|12|8|1`},
		{name: "callers who are pulled, to an agent's phone and to one where nobody is logged on", floor: "queue support leastrecent ring 20s wrapup 0s members 1000\nagent 1000\nagent 2000\nextension 3000",
			events: `
0s       enter c1 support
0s       offered c1.1 ok
2s       pull c1 3000
2s       ended c1.1 hangup
2s       pause 1000
2s       offered c1.2 ok
5s       ended c1.2 busy
6s       pull c1 2000
6s       pull c1 3000
6s       offered c1.4 ok
8s       up c1.4
8s       connected c1.4
18s      ended c1.4 hangup`, want: `
0|17.c1|support|NONE|ENTERQUEUE|||1
2|17.c1|support|1000|RINGCANCELED|2000
2|NONE|NONE|1000|PAUSEALL|
2|NONE|support|1000|PAUSE|
5|17.c1|support|3000|RINGNOANSWER|3000
8|17.c1|support|3000|CONNECT|8|rs1.c1.4.1|2
18|17.c1|support|3000|COMPLETEAGENT|8|10|1`},
		{name: "phones that ring together", floor: "queue support ringall ring 20s\nagent 1000\nagent 1001", events: `
0s       enter c1 support
0s       offered c1.1 ok
0s       offered c1.2 ok
2s       up c1.2
2s       connected c1.2
2s       ended c1.1 hangup
4s       ended c1.2 hangup`, want: `
0|17.c1|support|NONE|ENTERQUEUE|||1
2|17.c1|support|1001|CONNECT|2|rs1.c1.2.1|2
4|17.c1|support|1001|COMPLETEAGENT|2|2|1`},
	}
}

func ends() []story {
	const nobody = "queue support leastrecent timeout 1m\nqueue sales leastrecent\nagent 1000 off"
	return []story{
		{name: "callers who wait in vain", floor: nobody, events: `
0s   enter c1 support
1s   enter c2 support
2s   enter c3 support
3s   enter c4 support
4s   enter c5 support
5s   enter c6 support
10s  hangup c2
11s  withdraw c3 key
12s  withdraw c4 withdrawn
13s  withdraw c6 unavailable
14s  move c5 sales
60s  end`, want: `
0|17.c1|support|NONE|ENTERQUEUE|||1
1|17.c2|support|NONE|ENTERQUEUE|||2
2|17.c3|support|NONE|ENTERQUEUE|||3
3|17.c4|support|NONE|ENTERQUEUE|||4
4|17.c5|support|NONE|ENTERQUEUE|||5
5|17.c6|support|NONE|ENTERQUEUE|||6
10|17.c2|support|NONE|ABANDON|2|2|9
11|17.c3|support|NONE|EXITWITHKEY||2|3|9
12|17.c4|support|NONE|WITHDRAW|2|4|9|
13|17.c6|support|NONE|WITHDRAW|3|6|8|unavailable
14|17.c5|support|NONE|WITHDRAW|2|5|10|moved to sales
60|17.c1|support|NONE|EXITWITHTIMEOUT|1|1|60`},
		{name: "callers who hang up while phones ring", floor: "queue support leastrecent ring 20s\nagent 1000", events: `
0s     enter c1 support
0s     offered c1.1 ok
1.5s   hangup c1
1.6s   ended c1.1 hangup
2s     enter c2 support
2.5s   hangup c2`, want: `
0|17.c1|support|NONE|ENTERQUEUE|||1
1|17.c1|support|1000|RINGCANCELED|1500
1|17.c1|support|NONE|ABANDON|1|1|1
2|17.c2|support|NONE|ENTERQUEUE|||1
2|17.c2|support|NONE|ABANDON|1|1|0`},
		{name: "a queue that is empty", floor: "queue support leastrecent leaveempty yes\nagent 1000", but: "AGENTLOGOFF|", events: `
0s   enter c1 support
0s   offered c1.1 ok
0s   enter c2 support
5s   logoff 1000
6s   ended c1.1 hangup
7s   enter c3 support`, want: `
0|17.c1|support|NONE|ENTERQUEUE|||1
0|17.c2|support|NONE|ENTERQUEUE|||2
5|17.c1|support|1000|RINGCANCELED|5000
5|17.c1|support|NONE|EXITEMPTY|1|1|5
5|17.c2|support|NONE|EXITEMPTY|1|2|5
7|17.c3|support|NONE|ENTERQUEUE|||1
7|17.c3|support|NONE|EXITEMPTY|1|1|0`},
		{name: "priority goes before who came first", floor: nobody, events: `
0s   enter c1 support
1s   enter c2 support
2s   enter c3 support priority 5
3s   prioritise c2 7
4s   enter c4 support priority 6
5s   hangup c1
6s   hangup c4`, want: `
0|17.c1|support|NONE|ENTERQUEUE|||1
1|17.c2|support|NONE|ENTERQUEUE|||2
2|17.c3|support|NONE|ENTERQUEUE|||1
4|17.c4|support|NONE|ENTERQUEUE|||2
5|17.c1|support|NONE|ABANDON|4|1|5
6|17.c4|support|NONE|ABANDON|2|2|2`},
		{name: "a stage raises who has waited", floor: "queue support leastrecent after 10s boost 5\nagent 1000 off", events: `
0s   enter c1 support
5s   enter c2 support priority 1
11s  hangup c2
12s  enter c3 support priority 9
13s  hangup c1`, want: `
0|17.c1|support|NONE|ENTERQUEUE|||1
5|17.c2|support|NONE|ENTERQUEUE|||1
11|17.c2|support|NONE|ABANDON|2|1|6
12|17.c3|support|NONE|ENTERQUEUE|||1
13|17.c1|support|NONE|ABANDON|2|1|13`},
		{name: "a place that is kept", floor: "queue support leastrecent timeout 10s regain 1m overflow timeout sales\nqueue sales leastrecent\nagent 1000 off", events: `
0s   enter c1 support from 030 "Ana"
1s   enter c2 support
2s   hangup c1
3s   enter c3 support from 030 "Ana"
4s   hangup c2
5s   enter c4 sales entry 9
13s  enter c3 sales entry 1 channel 17.c3
14s  hangup c4`, want: `
0|17.c1|support|NONE|ENTERQUEUE||030|1|Ana
1|17.c2|support|NONE|ENTERQUEUE|||2
2|17.c1|support|NONE|ABANDON|1|1|2
3|17.c3|support|NONE|ENTERQUEUE||030|1|Ana
4|17.c2|support|NONE|ABANDON|2|2|3
5|17.c4|sales|NONE|ENTERQUEUE|||1
13|17.c3|support|NONE|EXITWITHTIMEOUT|1|1|10
13|17.c3|sales|NONE|ENTERQUEUE|||1
14|17.c4|sales|NONE|ABANDON|2|1|9`},
		{name: "who is turned away was never there", floor: "queue support leastrecent joinempty no\nqueue sales leastrecent maxlen 1\nagent 1000 off", events: `
0s   enter c1 support
1s   enter c2 nowhere
2s   enter c3 sales
3s   enter c4 sales
4s   hangup c3`, want: `
2|17.c3|sales|NONE|ENTERQUEUE|||1
4|17.c3|sales|NONE|ABANDON|1|1|2`},
		{name: "a caller who is told of twice", floor: nobody, events: `
0s   enter c1 support
1s   enter c1 support entry 7 channel 17.c2
2s   hangup c1`, want: `
0|17.c1|support|NONE|ENTERQUEUE|||1
2|17.c1|support|NONE|ABANDON|1|1|2`},
	}
}

func people() []story {
	const two = "queue support leastrecent ring 20s\nqueue sales leastrecent\nagent 1000"
	return []story{
		{name: "an agent's day", floor: two + " off", events: `
0s   logon 1000
10s  pause 1000 "lunch"
20s  pause 1000 "tea"
30s  ready 1000
40s  pause 1000 queue sales
50s  ready 1000 queue sales
60s  logoff 1000`, want: `
0|NONE|NONE|1000|AGENTLOGIN|PJSIP/1000
10|NONE|NONE|1000|PAUSEALL|
10|NONE|support|1000|PAUSE|lunch
10|NONE|sales|1000|PAUSE|lunch
20|NONE|NONE|1000|PAUSEALL|
20|NONE|support|1000|PAUSE|tea
20|NONE|sales|1000|PAUSE|tea
30|NONE|NONE|1000|UNPAUSEALL|
30|NONE|support|1000|UNPAUSE|
30|NONE|sales|1000|UNPAUSE|
40|NONE|sales|1000|PAUSE|
50|NONE|sales|1000|UNPAUSE|
60|NONE|NONE|1000|AGENTLOGOFF|PJSIP/1000|60`},
		{name: "logged on for one queue", floor: two + " off", events: `
0s   logon 1000 queue sales
10s  logon 1000 queue support
20s  logoff 1000 queue support
30s  logoff 1000`, want: `
0|NONE|NONE|1000|AGENTLOGIN|PJSIP/1000
0|MANAGER|support|1000|REMOVEMEMBER|
20|MANAGER|support|1000|REMOVEMEMBER|
30|NONE|NONE|1000|AGENTLOGOFF|PJSIP/1000|30`},
		{name: "a floor plan without a queue that an agent had left", floor: two + " off", events: `
0s   logon 1000 queue sales
5s   apply queue sales leastrecent members 1000 ; agent 1000 ; extension 1000 dial PJSIP/1000
9s   logoff 1000`, want: `
0|NONE|NONE|1000|AGENTLOGIN|PJSIP/1000
0|MANAGER|support|1000|REMOVEMEMBER|
5|NONE|NONE|NONE|CONFIGRELOAD|
9|NONE|NONE|1000|AGENTLOGOFF|PJSIP/1000|9`},
		{name: "paused by the floor", floor: "queue support leastrecent ring 20s maxnoanswer 1\nagent 1000", events: `
0s   enter c1 support
0s   offered c1.1 ok
20s  ended c1.1 no-answer
30s  logoff 1000`, but: "AGENTLOGOFF|", want: `
0|17.c1|support|NONE|ENTERQUEUE|||1
20|17.c1|support|1000|RINGNOANSWER|20000
20|NONE|NONE|1000|PAUSEALL|
20|NONE|support|1000|PAUSE|Auto-Pause
30|NONE|NONE|1000|UNPAUSEALL|
30|NONE|support|1000|UNPAUSE|`},
		{name: "a floor plan that changes", floor: "queue support leastrecent\nqueue sales leastrecent members 1000\nagent 1000\nagent 1001", events: `
5s   apply queue support leastrecent member 1000 level 2 member 1002 ; agent 1000 ; agent 1002 ; extension 1000 dial PJSIP/1000`,
			but: "AGENTLOGOFF|", want: `
5|NONE|NONE|NONE|CONFIGRELOAD|
5|REALTIME|support|1001|REMOVEMEMBER|
5|REALTIME|sales|1000|REMOVEMEMBER|
5|NONE|support|1000|PENALTY|2`},
	}
}

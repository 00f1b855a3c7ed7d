package stack

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

func (s *Stack) startAsterisk(ctx context.Context, x *exchange) error {
	user, err := s.place.account("asterisk")
	if err != nil {
		return err
	}
	home, err := s.place.owned(user, x.server)
	if err != nil {
		return err
	}
	pbx, err := s.rootAsterisk(x, user, home)
	if s.opts.Asterisk != "" {
		pbx, err = s.hostAsterisk(ctx, user, home)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", x.server, err)
	}
	if err := s.writeAsterisk(x, pbx); err != nil {
		return err
	}
	return s.launch(ctx, s.add(&server{
		name: x.server, log: s.place.log(x.server),
		command: pbx.run, ready: func(ctx context.Context) error { return s.asteriskReady(ctx, x) },
		order: syscall.SIGTERM,
		drop:  syscall.SIGTERM,
	}))
}

func (s *Stack) writeAsterisk(x *exchange, p pbx) error {
	for _, dir := range []string{"etc", "db", "cache", "spool", "spool/recording", "run", "log", "data", "data/keys"} {
		if _, err := s.place.owned(p.user, x.server, dir); err != nil {
			return err
		}
	}
	trunk := []string{"127.0.0.1"}
	if ip := net.ParseIP(s.opts.Bind); !ip.IsLoopback() && !ip.IsUnspecified() {
		trunk = append(trunk, s.opts.Bind) // this machine calling itself
	}
	values := map[string]any{
		"Home": p.home, "Modules": p.modules, "Load": modulesLoaded(),
		"App": appName, "Dial": s.info.Dial, "Desks": s.desks(x), "Registered": s.registered(x), "Members": s.members(x),
		"Floors": s.info.Floors, "Self": x.name, "Peers": s.trunks(x), "TrunkPassword": s.secrets.trunk,
		"Bind": s.opts.Bind, "SIPPort": x.sipPort, "TrunkFrom": trunk,
		"ARIPort": x.ariPort, "ARIUser": ariUser, "ARIPassword": s.secrets.ari,
		"RTPFirst": x.audioFirst, "RTPLast": x.audioLast,
	}
	for _, name := range asteriskFiles() {
		if err := render(filepath.Join(p.host, "etc", name), name, values, p.user, s.opts.Append[name]); err != nil {
			return err
		}
	}
	for name, text := range map[string]string{
		// Files that Asterisk complains about at every start when they are missing.
		"cdr.conf": "[general]\nenable = no\n", "cel.conf": "[general]\nenable = no\n",
		"manager.conf": "[general]\nenabled = no\n", "features.conf": "[general]\n", "udptl.conf": "[general]\n",
		// A phone that has gone meanwhile is not to be rung when Asterisk is started again: phones register anew.
		"sorcery.conf": "[res_pjsip]\ncontact=memory\n",
		"acl.conf":     "", "ccss.conf": "[general]\n", "pjproject.conf": "", "queuerules.conf": "", "websocket_client.conf": "",
	} {
		if err := write(filepath.Join(p.host, "etc", name), []byte(text), p.user); err != nil {
			return err
		}
	}
	return writeSounds(p)
}

// asteriskFiles are the configuration files of Asterisk's that have a template here.
func asteriskFiles() []string {
	return []string{
		"asterisk.conf", "ari.conf", "extensions.conf", "http.conf", "indications.conf", "logger.conf", "modules.conf",
		"musiconhold.conf", "pjsip.conf", "queues.conf", "rtp.conf", "stasis.conf",
	}
}

// asteriskReady asks ARI who it is, which is refused until Asterisk has fully
// booted, and SIP what it can do.
func (s *Stack) asteriskReady(ctx context.Context, x *exchange) error {
	err := get(ctx, s.ari(x).URL+"/asterisk/info?only=status", func(r *http.Request) {
		r.SetBasicAuth(ariUser, s.secrets.ari)
	})
	if err != nil {
		return err
	}
	return sipReady(ctx, x.sip)
}

// sipReady sends an OPTIONS request (RFC 3261 §11); any answer will do, since
// nobody is registered yet.
func sipReady(ctx context.Context, addr string) error {
	conn, err := new(net.Dialer).DialContext(ctx, "udp", addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(time.Second)); err != nil {
		return err
	}
	// New each time: the answer to a branch seen before goes where it went then.
	_, err = fmt.Fprintf(conn, strings.ReplaceAll(`OPTIONS sip:%[1]s SIP/2.0
Via: SIP/2.0/UDP %[2]s;branch=z9hG4bK%[3]s;rport
Max-Forwards: 70
From: <sip:ready@%[2]s>;tag=%[3]s
To: <sip:%[1]s>
Call-ID: %[3]s
CSeq: 1 OPTIONS
Content-Length: 0

`, "\n", "\r\n"), addr, conn.LocalAddr(), rand.Text())
	if err != nil {
		return err
	}
	answer := make([]byte, 2000)
	n, err := conn.Read(answer)
	if err != nil {
		return fmt.Errorf("ask SIP: %w", err)
	}
	if !strings.HasPrefix(string(answer[:n]), "SIP/2.0 ") {
		return errors.New("ask SIP: the answer is not SIP")
	}
	return nil
}

// modulesLoaded lists what Asterisk loads: few, because each costs time at the
// start, and all that the sample floor, transfers and recordings use.
func modulesLoaded() []string {
	return strings.Fields(`
		res_timing_timerfd res_crypto res_http_websocket res_websocket_client res_pjproject res_sorcery_config res_sorcery_memory
		res_sorcery_astdb res_musiconhold res_rtp_asterisk res_format_attr_opus
		codec_ulaw codec_alaw codec_gsm codec_a_mu codec_resample
		format_wav format_wav_gsm format_pcm format_gsm format_sln
		bridge_simple bridge_native_rtp bridge_softmix bridge_holding bridge_builtin_features
		bridge_builtin_interval_features chan_bridge_media
		func_callerid func_channel func_timeout func_logic func_strings func_devstate func_hangupcause
		func_pjsip_endpoint func_pjsip_aor func_pjsip_contact func_global func_math func_uri func_holdintercept
		res_pjsip res_pjsip_session res_pjsip_pubsub res_pjsip_authenticator_digest
		res_pjsip_outbound_authenticator_digest res_pjsip_endpoint_identifier_ip res_pjsip_endpoint_identifier_user
		res_pjsip_registrar res_pjsip_sdp_rtp res_pjsip_caller_id res_pjsip_nat res_pjsip_dtmf_info
		res_pjsip_rfc3326 res_pjsip_dlg_options res_pjsip_header_funcs res_pjsip_refer res_pjsip_empty_info
		res_pjsip_logger res_pjsip_diversion res_pjsip_path res_pjsip_send_to_voicemail
		chan_pjsip
		app_dial app_playback app_queue app_stasis app_echo app_exec app_verbose app_stack app_mixmonitor
		app_senddtmf app_transfer app_userevent
		res_stasis res_stasis_answer res_stasis_device_state res_stasis_playback res_stasis_recording
		res_stasis_snoop res_ari_model res_ari res_ari_applications res_ari_asterisk res_ari_bridges
		res_ari_channels res_ari_device_states res_ari_endpoints res_ari_events res_ari_playbacks
		res_ari_recordings res_ari_sounds res_clioriginate
		pbx_config`)
}

package stasis

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"ringside/queueapp"
	"ringside/queueapp/engine"
)

// StartMusic implements [engine.Switch].
func (s *Switch) StartMusic(ch queueapp.ChannelID, class string) {
	body := struct {
		Class string `json:"mohClass,omitempty"`
	}{class}
	s.simple("music", ch, http.MethodPost, path("channels", string(ch), "moh"), body)
}

var errMedia = errors.New("want media like sound:ringside/menu, with a scheme that Asterisk plays")

// playable reports whether Asterisk knows what to do with media. Where it does not it says 201, and then never that the
// playback ended.
func playable(media []string) bool {
	return len(media) > 0 && !slices.ContainsFunc(media, func(m string) bool {
		scheme, rest, _ := strings.Cut(m, ":")
		switch scheme {
		case "sound", "recording", "number", "digits", "characters", "tone":
			return rest == ""
		}
		return true
	})
}

// Play implements [engine.Switch].
func (s *Switch) Play(ch queueapp.ChannelID, id engine.PlaybackID, media []string) {
	s.inbox.put(func(l *live) { l.plays[id] = &play{channel: ch} })
	last := s.soon()
	s.order(ch, job{
		command: "play", channel: ch,
		do: func(ctx context.Context, ln *lane) error {
			if err := s.play(ctx, ln, playback{ch, id, media, last}); err != nil {
				return err
			}
			s.inbox.put(func(l *live) {
				if p := l.plays[id]; p != nil {
					p.settled = true
				}
			})
			return nil
		},
		failed: func(err error) {
			level := slog.LevelWarn
			if statusOf(err) == http.StatusNotFound { // the caller hung up
				level = slog.LevelDebug
			}
			s.log.Log(context.Background(), level, "a prompt cannot be played", "channel", ch, "media", media, "err", err)
			s.inbox.put(func(l *live) { l.playDone(id, true) })
		},
	})
}

// playback is what is to be played, where, under which name, and not after when.
type playback struct {
	channel queueapp.ChannelID
	id      engine.PlaybackID
	media   []string
	last    time.Time
}

// play asks for a playback. It must not be asked for twice: Asterisk would play it twice, under one id.
func (s *Switch) play(ctx context.Context, ln *lane, p playback) error {
	if !playable(p.media) {
		return errMedia
	}
	body := struct {
		Media []string `json:"media"`
	}{p.media}
	here := path("channels", string(p.channel), "play", string(p.id))
	err := s.rest.doBefore(ctx, p.last, "play", http.MethodPost, here, body, nil)
	if err == nil || statusOf(err) != 0 || errors.Is(err, errStale) || neverSent(err) {
		return err
	}
	return s.search(ctx, ln, path("playbacks", string(p.id)), "stop", err)
}

// StopPlay implements [engine.Switch].
func (s *Switch) StopPlay(ch queueapp.ChannelID, id engine.PlaybackID) {
	s.order(ch, job{command: "stop", channel: ch, do: func(ctx context.Context, _ *lane) error {
		err := s.remove(ctx, "stop", path("playbacks", string(id)))
		if statusOf(err) == http.StatusNotFound {
			return nil
		}
		return err
	}})
}

// checkPlay asks for a playback whose end may have been told while nobody listened.
func (s *Switch) checkPlay(ch queueapp.ChannelID, id engine.PlaybackID) {
	s.order(ch, job{
		command: "play", channel: ch,
		do: func(ctx context.Context, _ *lane) error {
			return s.rest.again(ctx, "search", http.MethodGet, path("playbacks", string(id)), nil, nil)
		},
		failed: func(error) { s.inbox.put(func(l *live) { l.playDone(id, true) }) },
	})
}

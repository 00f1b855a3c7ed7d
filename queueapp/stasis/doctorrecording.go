package stasis

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/CyCoreSystems/ari/v5"
)

// CheckRecording has an Asterisk record silence for a moment in each of some file formats, in a bridge that nobody is in, and
// takes the files away again: whether it can write them it does not tell otherwise.
func CheckRecording(ctx context.Context, c Config, formats []string) Finding {
	f := Finding{Name: "recordings", Detail: "can be written"}
	if f.Err = c.complete(); f.Err != nil {
		f.Remedy = "correct [[switch]] in queueapp.toml"
		return f
	}
	r := newREST(c)
	defer r.close()
	for _, format := range formats {
		if f.Err = tryRecording(ctx, r, format); f.Err == nil {
			continue
		}
		switch statusOf(f.Err) {
		case http.StatusUnprocessableEntity:
			f.Remedy = "load the module of the format " + format + ", or write another as record"
		default:
			f.Remedy = "make the directory recording in Asterisk's spool directory (astspooldir in asterisk.conf), and let Asterisk's user write there"
		}
		return f
	}
	return f
}

var errNoFile = errors.New("ari: Asterisk recorded, and there is no file")

func tryRecording(ctx context.Context, r *rest, format string) (err error) {
	name := "queueapp-doctor-" + rand.Text()
	bridge := path("bridges", name)
	body := struct {
		Type string `json:"type"`
	}{"mixing"}
	if err := r.do(ctx, "make-bridge", http.MethodPost, bridge, body, nil); err != nil {
		return err
	}
	defer func() {
		if gone := r.do(ctx, "destroy-bridge", http.MethodDelete, bridge, nil, nil); err == nil {
			err = gone
		}
	}()
	recording := struct {
		Name   string `json:"name"`
		Format string `json:"format"`
	}{name, format}
	if err := r.do(ctx, "record", http.MethodPost, bridge+"/record", recording, nil); err != nil {
		return err
	}
	live, stored := path("recordings", "live", name), path("recordings", "stored", name)
	if err := awaitRecording(ctx, r, live); err != nil {
		return err
	}
	if err := r.do(ctx, "stop-recording", http.MethodPost, live+"/stop", nil, nil); err != nil && statusOf(err) != http.StatusNotFound {
		return err
	}
	if err := r.do(ctx, "stored-recording", http.MethodDelete, stored, nil, nil); err != nil {
		return fmt.Errorf("%w: %w", errNoFile, err)
	}
	return nil
}

// awaitRecording waits until Asterisk records, or has given it up.
func awaitRecording(ctx context.Context, r *rest, live string) error {
	for {
		var now ari.LiveRecordingData
		err := r.do(ctx, "recording", http.MethodGet, live, nil, &now)
		if statusOf(err) == http.StatusNotFound || err == nil && now.State != "queued" {
			return nil
		}
		if err != nil {
			return err
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

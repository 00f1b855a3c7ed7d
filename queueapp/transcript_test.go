package queueapp_test

import (
	"flag"
	"testing"

	"ringside/queueapp"
	"ringside/queueapp/transcript"
	"ringside/queueapp/transcript/transcripttest"
)

var update = flag.Bool("update", false, "write down what the floor does into the transcripts")

// TestTranscripts runs the floor's specification: one file for each behaviour.
func TestTranscripts(t *testing.T) {
	t.Parallel()
	transcripttest.Files(t, "testdata/*.transcript", func() transcript.Floor { return queueapp.NewFloor() }, *update)
}

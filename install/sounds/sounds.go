// Package sounds holds the prompts and the music on hold that Ringside plays,
// as 8 kHz mono WAV files, so that the simulators can put them where an
// Asterisk finds them. A site copies the folder instead (install/README.md).
package sounds

import (
	"embed"
	"io/fs"
)

//go:embed ringside/*.wav moh/*.wav
var files embed.FS

// FS returns the sound files: ringside/<prompt>.wav, named as dialogues name
// them ("ringside/menu"), and moh/*.wav for a music-on-hold class.
func FS() fs.FS { return files }

#!/bin/sh
# Makes the prompts from prompts.tsv (name, tab, text) and the music on hold.
# The results are committed, so only who changes a text needs to run it:
# apt-get install espeak-ng sox
set -eu
cd "$(dirname "$0")"

for tool in espeak-ng sox; do
	command -v "$tool" >/dev/null || {
		echo "make.sh: $tool is missing: apt-get install espeak-ng sox" >&2
		exit 1
	}
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p ringside moh

# 8 kHz mono is what the telephone carries; the high-pass takes the rumble that
# a handset would only distort, and -R keeps the files the same on every run.
telephone="rate 8000 highpass 120 silence 1 0.02 0.5% reverse silence 1 0.02 0.5% reverse pad 0.1 0.15 norm -4"

tab=$(printf '\t')
while IFS=$tab read -r name text; do
	espeak-ng -v en-gb+f3 -s 150 -p 45 -g 4 -w "$work/$name.wav" -- "$text"
	# shellcheck disable=SC2086 # a list of effects
	sox -R "$work/$name.wav" -b 16 -c 1 "ringside/$name.wav" $telephone
done <prompts.tsv

# Music on hold: four soft chords, each two plucked notes over a held pad, 24 s,
# made to begin and end in silence so that the loop has no click.
chord() { # chord FILE NOTE NOTE NOTE: six seconds
	sox -R -n -r 8000 "$1" synth 6 sine "$2" synth 6 sine mix "$3" synth 6 sine mix "$4" \
		fade q 1.5 6 1.5 gain -12
}
pluck() { # pluck FILE NOTE DELAY: one note over six seconds
	sox -R -n -r 8000 "$1" synth 2.5 triangle "$2" fade h 0.02 2.5 2.3 gain -16 pad "$3" 6 trim 0 6
}
bar() { # bar NAME PAD PAD PAD MELODY MELODY MELODY
	chord "$work/$1-pad.wav" "$2" "$3" "$4"
	pluck "$work/$1-1.wav" "$5" 0.75
	pluck "$work/$1-2.wav" "$6" 2.25
	pluck "$work/$1-3.wav" "$7" 3.75
	sox -R -m "$work/$1-pad.wav" "$work/$1-1.wav" "$work/$1-2.wav" "$work/$1-3.wav" "$work/$1.wav"
}
bar one C3 G3 E4 G4 C5 E5
bar two A2 E3 C4 E4 A4 C5
bar three F2 C3 A3 C5 A4 F4
bar four G2 D3 B3 D5 B4 G4
sox -R "$work/one.wav" "$work/two.wav" "$work/three.wav" "$work/four.wav" -b 16 -c 1 moh/ringside.wav \
	lowpass 2500 echo 0.8 0.7 180 0.25 trim 0 24 fade t 0.2 24 0.4 norm -16

du -ch ringside/*.wav moh/*.wav | tail -n 1

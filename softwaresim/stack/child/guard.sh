# Reads what to do from standard input until that ends, which is when the stack
# has gone or has asked for it; then ends the servers that still run and removes
# the files.
trap '' INT TERM HUP
watched=
files=
dir=
while IFS= read -r line; do
	rest=${line#* }
	case $line in
	watch\ *)
		# shellcheck disable=SC2086 # pid, start time, signal
		set -- $rest
		watched="$watched $1:$2:$3"
		;;
	forget\ *)
		kept=
		for entry in $watched; do
			[ "${entry%%:*}" = "$rest" ] || kept="$kept $entry"
		done
		watched=$kept
		;;
	remove\ *) files="$files$rest
" ;;
	rmdir\ *) dir=$rest ;;
	esac
done

# alive PID:STARTED:SIGNAL: is that very process there, and no zombie?
alive() {
	pid=${1%%:*}
	read -r stat <"/proc/$pid/stat" || return 1
	stat=${stat##*) }
	started=${1#*:}
	started=${started%:*}
	# shellcheck disable=SC2086 # the fields of stat
	set -- $stat
	[ "${20}" = "$started" ] && [ "$1" != Z ]
} 2>/dev/null

for entry in $watched; do
	alive "$entry" || continue
	kill -s "${entry##*:}" "${entry%%:*}"
	kill -s CONT "${entry%%:*}" # one that is stopped would not hear
done 2>/dev/null
left=50
for entry in $watched; do
	while [ "$left" -gt 0 ] && alive "$entry"; do
		sleep 0.1
		left=$((left - 1))
	done
	! alive "$entry" || kill -s KILL "${entry%%:*}" 2>/dev/null
done
printf '%s' "$files" | while IFS= read -r file; do
	rm -rf -- "$file"
done
[ -z "$dir" ] || rmdir -- "$dir" 2>/dev/null
exit 0

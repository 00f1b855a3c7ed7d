#!/bin/sh
# Builds the private root: one folder with Asterisk, Prosody, ejabberd and
# PostgreSQL in the same versions on every machine. `softwaresim stack`, the
# demo and the tests run their servers in it; no service of the host is
# touched, and removing the folder undoes everything.
set -eu

usage() {
	cat <<'END'
usage: install/root.sh [--path | --remove | --help]

  (nothing)   build the private root, or return at once when it is up to date
  --path      print where it is (or would be) and end
  --remove    delete it
  --help      print this

  RINGSIDE_ROOT     where the root goes; default /var/cache/ringside/root
  RINGSIDE_MIRROR   Debian mirror to take packages from; default is Debian's own
END
}

suite=forky
packages=asterisk,asterisk-modules,asterisk-core-sounds-en,asterisk-core-sounds-en-gsm,prosody,lua-unbound,postgresql,ejabberd
# Raise the revision when what this script does to the root changes.
revision=1
download_mb=140
disk_mb=560
needed_mb=1000 # the packages and what is unpacked from them are there at the same time

root=${RINGSIDE_ROOT:-/var/cache/ringside/root}
mirror=${RINGSIDE_MIRROR:-}
stamp=$root/etc/ringside-root
new=$root.new
lock=$root.lock
log=$root.log

say() { printf '%s\n' "$*"; }
fail() {
	printf 'root.sh: %s\n' "$1" >&2
	shift
	for line in "$@"; do printf '  %s\n' "$line" >&2; done
	exit 1
}

recipe() { printf 'revision %s\nsuite %s\npackages %s\n' "$revision" "$suite" "$packages"; }

up_to_date() { [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$(recipe)" ]; }

# Every call would stall for seconds in a DNS look-up of the host's own name
# if the root's hosts file did not hold it.
name_the_host() {
	host=$(uname -n)
	wanted="127.0.0.1 localhost
::1 localhost ip6-localhost ip6-loopback
127.0.1.1 $host"
	[ "$(cat "$1/etc/hosts" 2>/dev/null || :)" = "$wanted" ] || printf '%s\n' "$wanted" >"$1/etc/hosts"
}

become_root() {
	[ "$(id -u)" -eq 0 ] && return
	command -v sudo >/dev/null ||
		fail "must run as root: it makes device files and server users" \
			"run it as root, or install sudo"
	say "Going on as root by sudo."
	exec sudo env "RINGSIDE_ROOT=$root" "RINGSIDE_MIRROR=$mirror" sh "$0" "$@"
}

# Two runs at once would build twice; the second waits and finds it done.
take_lock() {
	mkdir -p "$(dirname "$root")" || fail "cannot make $(dirname "$root")" "set RINGSIDE_ROOT to a folder that can be written"
	exec 9>"$lock"
	flock -n 9 && return
	say "Another root.sh is at work on $root; waiting for it."
	flock 9
}

in_use() {
	for link in /proc/[0-9]*/root; do
		if [ "$(readlink "$link" 2>/dev/null || :)" = "$root" ]; then
			pid=${link#/proc/}
			printf '%s ' "${pid%/root}"
		fi
	done
}

delete() {
	take_lock
	if [ ! -e "$root" ] && [ ! -e "$new" ]; then
		rm -f "$lock" "$log"
		say "There is no private root at $root."
		return
	fi
	[ ! -e "$root" ] || [ -f "$stamp" ] ||
		fail "$root was not made by this script, so it is left alone" "check RINGSIDE_ROOT"
	pids=$(in_use)
	[ -z "$pids" ] || fail "servers still run in $root (pids $pids)" "end the stack that they belong to, then try again"
	say "Removing $root."
	rm -rf --one-file-system "$root" "$new"
	rm -f "$lock" "$log"
	rmdir "$(dirname "$root")" 2>/dev/null || :
}

check_system() {
	id="" version=""
	if [ -r /etc/os-release ]; then
		# shellcheck disable=SC1091 # the host's own file
		id=$(. /etc/os-release && printf '%s %s' "${ID:-}" "${ID_LIKE:-}")
		# shellcheck disable=SC1091
		version=$(. /etc/os-release && printf '%s' "${PRETTY_NAME:-}")
	fi
	case " $id " in
	*" debian "* | *" ubuntu "*) ;;
	*) fail "needs Debian 12 or newer, or Ubuntu 24.04 or newer; this is ${version:-unknown}" \
		"run it in a Debian virtual machine, or copy a root built elsewhere to $root" ;;
	esac
	command -v apt-get >/dev/null || fail "apt-get is missing" "run it on a Debian or Ubuntu system"
}

check_space() {
	free_mb=$(df -Pm "$(dirname "$root")" | awk 'NR == 2 { print $4 }')
	[ "$free_mb" -ge "$needed_mb" ] ||
		fail "$(dirname "$root") has $free_mb MB free, and building takes $needed_mb MB" \
			"free some space, or set RINGSIDE_ROOT to a folder on a larger disk"
}

install_builder() {
	missing=
	command -v mmdebstrap >/dev/null || missing=mmdebstrap
	[ -f /usr/share/keyrings/debian-archive-keyring.gpg ] || missing="$missing debian-archive-keyring"
	[ -n "$missing" ] || return 0
	say "Installing on the host: $missing"
	export DEBIAN_FRONTEND=noninteractive
	# An index that is there already may do; a stale one is renewed only when the install fails.
	# shellcheck disable=SC2086 # a list of package names
	apt-get install -y --no-install-recommends $missing >"$log" 2>&1 ||
		{ apt-get update >"$log" 2>&1 && apt-get install -y --no-install-recommends $missing >>"$log" 2>&1; } ||
		explain "installing $missing failed"
}

# explain ends the script with the log's last lines and what to do about them.
explain() {
	printf 'root.sh: %s; the last lines of %s:\n' "$1" "$log" >&2
	tail -n 12 "$log" | sed 's/^/  | /' >&2
	if grep -qiE 'could not resolve|temporary failure|could not connect|connection (refused|timed out)|network is unreachable|unable to connect' "$log"; then
		remedy="check the network, or name a mirror that can be reached by RINGSIDE_MIRROR"
	elif grep -qiE 'no space left' "$log"; then
		remedy="free $needed_mb MB, or set RINGSIDE_ROOT to a folder on a larger disk"
	elif grep -qiE 'no_pubkey|not signed|signatures' "$log"; then
		remedy="bring the package debian-archive-keyring up to date"
	elif grep -qiE 'dpkg was interrupted|could not get lock' "$log"; then
		remedy="let the other package installation finish (or run dpkg --configure -a), then try again"
	elif grep -qiE 'unable to locate package' "$log"; then
		remedy="enable the component that has it (universe on Ubuntu), run apt-get update, and try again"
	elif grep -qiE 'mknod|operation not permitted' "$log"; then
		remedy="this container may not make device files: run it in a virtual machine, or with more rights"
	else
		remedy="read the log, then run this again: nothing half-built was kept"
	fi
	printf '  %s\n' "$remedy" >&2
	exit 1
}

bootstrap() {
	trap 'rm -rf --one-file-system "$new"' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	rm -rf --one-file-system "$new"
	set -- --mode=root --variant=apt "--include=$packages" \
		--aptopt='APT::Install-Recommends "false"' \
		--aptopt='Acquire::Check-Valid-Until "false"' \
		--keyring=/usr/share/keyrings/debian-archive-keyring.gpg \
		"$suite" "$new"
	[ -z "$mirror" ] || set -- "$@" "$mirror"
	rm -f "$log.failed"
	{ DEBIAN_FRONTEND=noninteractive mmdebstrap "$@" 2>&1 9>&- || : >"$log.failed"; } | tee "$log" |
		sed -un 's/^I: /  /p'
	if [ -e "$log.failed" ]; then
		rm -f "$log.failed"
		explain "building the root failed"
	fi
}

finish() {
	name_the_host "$new"
	# The servers look up nothing but the host's own name; a resolver that is
	# slow or away must not slow a call down.
	rm -f "$new/etc/resolv.conf"
	printf 'options timeout:1 attempts:1\n' >"$new/etc/resolv.conf"
	recipe >"$new/etc/ringside-root"
	sync -f "$new/etc/ringside-root"
	old=$root.old
	rm -rf --one-file-system "$old"
	[ ! -e "$root" ] || mv "$root" "$old"
	mv "$new" "$root"
	rm -rf --one-file-system "$old"
	trap - EXIT
}

versions() {
	# shellcheck disable=SC2016 # dpkg-query's own fields
	chroot "$root" dpkg-query -W -f '${Package} ${Version}\n' asterisk prosody ejabberd 'postgresql-[0-9]*' |
		sed -nE 's/^([a-z]+)[-0-9]* ([0-9]+:)?([0-9.]+).*/  \1 \3/p' | sort -u
}

build() {
	become_root
	take_lock
	if up_to_date; then
		name_the_host "$root"
		say "The private root at $root is up to date."
		return
	fi
	[ ! -e "$root" ] || [ -f "$stamp" ] ||
		fail "$root is there already and was not made by this script" "set RINGSIDE_ROOT to a folder that does not exist"
	pids=$(in_use)
	[ -z "$pids" ] || fail "the root is out of date, and servers still run in it (pids $pids)" "end the stack that they belong to, then try again"
	check_system
	check_space
	say "Building the private root: Asterisk, Prosody, ejabberd and PostgreSQL from Debian $suite."
	say "  where     $root"
	say "  download  about $download_mb MB"
	say "  on disk   about $disk_mb MB"
	say "  host      gets mmdebstrap (and debian-archive-keyring) if they are missing; no service is started"
	say "  undo      install/root.sh --remove"
	install_builder
	bootstrap
	finish
	say "The private root is ready:"
	versions
}

case ${1:-} in
'') build ;;
--path) say "$root" ;;
--remove)
	become_root --remove
	delete
	;;
--help | -h) usage ;;
*)
	usage >&2
	exit 2
	;;
esac

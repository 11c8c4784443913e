# shellcheck shell=bash
# What the guest builders share. A builder sources this file, names its inputs
# with guest_open, puts its files into $WORK/out and ends with guest_close:
#
#	. "$(dirname "$0")/../lib/guest.sh"
#	guest_args "$@"                          # --out, --force, --update-lock, --help
#	guest_open NAME INPUT…                   # prints the cached guest and ends, if there is one
#	… build into $WORK/out, with stage, step, make_root, make_disk …
#	guest_image VERSION ORIGIN CMDLINE ROLE=FILE:FORMAT…
#	guest_close
#
# Standard output carries one line, the directory of the finished guest; all
# else goes to standard error. Whatever ends the builder, its work directory and
# its processes go with it.

set -euo pipefail
umask 022

GUESTS=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
MODULE=$(cd "$GUESTS/../.." && pwd)
STARTED=$(date +%s)
PATH=$PATH:/usr/sbin:/sbin
export LC_ALL=C TZ=UTC
INPUTS=()
OUT= FORCE= UPDATE_LOCK= WORK= CHILD= ROOT_TMP= KEY= DEST= GUEST=

stage() { printf '[%4ds] %s: %s\n' "$(($(date +%s) - STARTED))" "${GUEST:-guests}" "$*" >&2; }

die() {
	stage "error: $*"
	exit 1
}

# need COMMAND PACKAGE [COMMAND PACKAGE…] ends with one line to paste when a
# program of the host is missing.
need() {
	local missing=
	while [ $# -gt 0 ]; do
		[ -e "$1" ] || command -v "$1" >/dev/null || missing="$missing $2"
		shift 2
	done
	[ -z "$missing" ] || die "missing programs; run: apt-get install --no-install-recommends$missing"
}

# step runs a long command so that a signal to the builder ends it at once.
step() {
	"$@" &
	CHILD=$!
	local status=0
	wait "$CHILD" || status=$?
	CHILD=
	return "$status"
}

guest_cleanup() {
	local status=$?
	trap - EXIT
	if [ -n "$CHILD" ]; then
		kill -TERM "$CHILD" 2>/dev/null || true
		wait "$CHILD" 2>/dev/null || true
	fi
	if [ -n "$ROOT_TMP" ] && [ -e "$ROOT_TMP" ]; then
		rm -rf "$ROOT_TMP" 2>/dev/null || mmdebstrap --unshare-helper rm -rf "$ROOT_TMP" || true
		rmdir "$ROOT_TMP" 2>/dev/null || true
	fi
	[ -z "$WORK" ] || rm -rf "$WORK"
	exit "$status"
}
trap guest_cleanup EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# guest_args reads the options that every builder has.
guest_args() {
	OUT=${DISTROLAB_GUESTS:-${XDG_CACHE_HOME:-$HOME/.cache}/distrolab/guests}
	while [ $# -gt 0 ]; do
		case $1 in
		--out) [ $# -gt 1 ] || die "--out wants a directory" && OUT=$2 && shift ;;
		--out=*) OUT=${1#*=} ;;
		--force) FORCE=1 ;;
		--update-lock) UPDATE_LOCK=1 FORCE=1 ;;
		*) die "unknown argument '$1'; see scripts/guests/build --help" ;;
		esac
		shift
	done
	mkdir -p "$OUT"
	OUT=$(cd "$OUT" && pwd)
}

# guest_key sets KEY and DEST from the inputs (files and directories, with
# their modes; Go tests play no part).
guest_key() {
	local file type rest mode
	KEY=$(cd "$MODULE" && for file in "${INPUTS[@]}"; do realpath --relative-to=. "$file"; done |
		xargs -I{} find {} \( -type f -o -type l \) ! -name '*_test.go' -printf '%p %y %l %#m\n' |
		sort | while read -r file type rest; do
		mode=${rest##* }
		[ $((mode & 0100)) -eq 0 ] && mode=file || mode=program # umask must not matter
		case $type in
		f) printf '%s %s %s\n' "$file" "$mode" "$(sha256sum <"$file")" ;;
		*) printf '%s %s %s\n' "$file" "$type" "$rest" ;;
		esac
	done | sha256sum | cut -c1-16)
	DEST=$OUT/$GUEST/$KEY
}

# guest_open NAME INPUT… ends here when a guest of these inputs exists already.
guest_open() {
	GUEST=$1
	shift
	INPUTS=("$@")
	guest_key
	guest_cached
	mkdir -p "$OUT/$GUEST"
	exec 9<"$OUT/$GUEST"
	if ! flock -n 9; then
		stage "another build is running; waiting for it"
		step flock 9
		guest_cached
	fi
	# With the lock held, anything here is what a killed build left behind.
	rm -rf "$OUT/$GUEST"/.building-*
	WORK=$OUT/$GUEST/.building-$$
	mkdir -p "$WORK/out"
}

guest_cached() {
	[ -z "$FORCE" ] && [ -s "$DEST/image.json" ] || return 0
	echo "$DEST"
	exit 0
}

# guest_image VERSION ORIGIN CMDLINE ROLE=FILE:FORMAT… writes image.json.
guest_image() {
	local version=$1 origin=$2 cmdline=$3 files= role file format rest list=
	shift 3
	for rest in "$@"; do
		role=${rest%%=*} file=${rest#*=} format=${rest##*:}
		file=${file%:*}
		files="$files${files:+,}
    \"$role\": {\"name\": \"$file\", \"format\": \"$format\", \"sha256\": \"$(sha256sum "$WORK/out/$file" | cut -d' ' -f1)\", \"size\": $(stat -c %s "$WORK/out/$file")}"
	done
	[ ! -e "$WORK/out/packages.list" ] || list=packages.list
	cat >"$WORK/out/image.json" <<-EOF
		{
		  "schema": "distrolab.image/1",
		  "distro": "$GUEST",
		  "version": "$version",
		  "arch": "amd64",
		  "origin": "$origin",
		  "verdict": "built here; packages verified by apt against Debian's archive keys",
		  "files": {$files
		  },
		  "cmdline": "$cmdline",
		  "packages": "$list"
		}
	EOF
}

# guest_close moves the finished guest to its place in one step.
guest_close() {
	if [ -e "$DEST" ]; then
		mv -T "$DEST" "$WORK/old"
	fi
	mv -T "$WORK/out" "$DEST"
	stage "done: $(du -sh "$DEST" | cut -f1) in $(($(date +%s) - STARTED)) s"
	echo "$DEST"
}

# make_disk SPEC OUT makes a disk image with the tool of scripts/guests/disk.
make_disk() {
	[ -x "$WORK/disk-tool" ] || (cd "$MODULE" && CGO_ENABLED=0 go build -buildvcs=false -trimpath -o "$WORK/disk-tool" ./scripts/guests/disk)
	step "$WORK/disk-tool" -work "$WORK" "$1" "$2"
}

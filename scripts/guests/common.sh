# Shared by the guest builders; sourced, not run. A builder sets `name`, calls
# `begin FILES…` with everything its result depends on, fills $work/image, and
# calls `finish`. Progress goes to standard error; the only line on standard
# output is the finished directory.
set -eu
umask 022
export LC_ALL=C TZ=UTC SOURCE_DATE_EPOCH=1795305600
guests=$(cd "$(dirname "$0")/.." && pwd)
repository=$(cd "$guests/../.." && pwd)
cache=${DISTROLAB_GUESTS:-${XDG_CACHE_HOME:-$HOME/.cache}/distrolab/guests}
suite=trixie
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

say() { printf '%s: %s\n' "$name" "$*" >&2; }
die() { say "$@"; exit 1; }

# need COMMAND… stops with the remedy when a program is missing.
need() {
	for command in "$@"; do
		command -v "$command" >/dev/null || [ -x "/usr/sbin/$command" ] || die "$command is missing: run ./scripts/setup"
	done
}

# digest FILE… is one hash over names and contents, in a fixed order.
digest() {
	(cd "$repository" && for file in "$@"; do
		file=${file#"$repository/"}
		if [ -d "$file" ]; then find "$file" -type f ! -name '*_test.go' ! -path '*/testdata/*'; else printf '%s\n' "$file"; fi
	done | sort | while read -r file; do
		if [ -x "$file" ]; then mode=x; else mode=-; fi
		printf '%s %s %s\n' "$mode" "$file" "$(sha256sum <"$file")"
	done | sha256sum | cut -c 1-16)
}

# begin FILE… answers from the cache, or makes the work directory.
begin() {
	key=$(digest "$guests/common.sh" "$@")
	target=$cache/$name/$key
	if [ -e "$target/image.json" ]; then
		printf '%s\n' "$target"
		exit 0
	fi
	mkdir -p "$cache/$name"
	work=$(mktemp -d "$cache/$name/.building-XXXXXX")
	mkdir "$work/image"
	trap 'rm -rf "$work"' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
}

# sources prints the apt sources of the suite.
sources() {
	for line in "debian $suite" "debian $suite-updates" "debian-security $suite-security"; do
		printf 'deb [signed-by=%s] http://deb.debian.org/%s main\n' "$keyring" "$line"
	done
}

# private_apt makes an apt that knows the suite and touches nothing of the host.
private_apt() {
	apt=$work/apt
	mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/etc"
	: >"$apt/status"
	sources >"$apt/etc/sources.list"
	cat >"$apt/apt.conf" <<-TEXT
		Dir "$apt";
		Dir::Etc "$apt/etc";
		Dir::Etc::sourcelist "$apt/etc/sources.list";
		Dir::Etc::sourceparts "/dev/null";
		Dir::Etc::preferencesparts "/dev/null";
		Dir::State "$apt";
		Dir::State::lists "$apt/lists";
		Dir::State::status "$apt/status";
		Dir::Cache "$apt/cache";
		APT::Architecture "amd64";
		APT::Architectures "amd64";
		APT::Sandbox::User "";
		Acquire::Languages "none";
		Acquire::Retries "3";
	TEXT
	export APT_CONFIG="$apt/apt.conf"
	apt-get update -qq >"$work/apt.log" 2>&1 || { tail -n 5 "$work/apt.log" >&2; die "apt could not read Debian's archive: is the network there?"; }
}

# entry ROLE FILE FORMAT prints the manifest's line of one file.
entry() {
	printf '"%s":{"name":"%s","sha256":"%s","size":%s,"format":"%s"}' "$1" "$2" \
		"$(sha256sum "$work/image/$2" | cut -d ' ' -f 1)" "$(stat -c %s "$work/image/$2")" "$3"
}

# finish VERSION ORIGIN CMDLINE ENTRIES writes image.json, gives the image its
# place in one step and prints it.
finish() {
	printf '{"schema":"distrolab.image/1","distro":"%s","version":"%s","arch":"amd64","origin":"%s","verdict":"%s","files":{%s},"cmdline":"%s","created":"%s"}\n' \
		"$name" "$1" "$2" "built here; packages verified by apt against Debian's archive keys" "$4" "$3" \
		"$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y-%m-%dT%H:%M:%SZ)" >"$work/image/image.json"
	chmod -R a+rX "$work/image"
	mv -T "$work/image" "$target" 2>/dev/null || [ -e "$target/image.json" ] || die "$target is in the way: remove it"
	printf '%s\n' "$target"
}

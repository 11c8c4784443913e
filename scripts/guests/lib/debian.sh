# shellcheck shell=bash
# Making root file systems of Debian packages, for builders that have sourced
# guest.sh.

KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

# make_root SUITE LOCK PACKAGES OVERLAY CUSTOMIZE OUT.tar [DOWNLOAD…]
#
# Installs PACKAGES (comma separated, no recommends) of SUITE at the versions of
# LOCK, copies the tree OVERLAY over it, runs the script CUSTOMIZE in it, then
# removes whatever differs from build to build. Each DOWNLOAD is FROM:TO, a file
# of the guest that is moved out of it into $WORK. Writes
# $WORK/out/packages.list and sets MOVED to the number of packages that are not
# as in LOCK.
#
# Needs root, or an ordinary user with user namespaces (packages uidmap,
# mmdebstrap; an entry in /etc/subuid).
make_root() {
	local suite=$1 lock=$2 packages=$3 overlay=$4 customize=$5 tar=$6 mode item
	shift 6
	mode=$(root_mode)
	need mmdebstrap mmdebstrap $KEYRING debian-archive-keyring
	SOURCE_DATE_EPOCH=$(lock_epoch "$lock")
	export SOURCE_DATE_EPOCH
	lock_preferences "$lock" >"$WORK/distrolab.pref"
	debian_sources "$suite" >"$WORK/sources.list"
	tar -C "$overlay" --sort=name --owner=0 --group=0 --numeric-owner --mode=u+w,go-w,a+rX \
		--mtime="@$SOURCE_DATE_EPOCH" -cf "$WORK/overlay.tar" .
	# mmdebstrap unpacks beside the result as root. In a user namespace its
	# root is another user, who may not pass through a private home.
	ROOT_TMP=$WORK/root
	if [ "$mode" = unshare ]; then
		ROOT_TMP=$(mktemp -d "${TMPDIR:-/tmp}/distrolab-guest.XXXXXX")
	fi
	mkdir -p "$ROOT_TMP"
	chmod 1777 "$ROOT_TMP"
	local hooks=(
		--setup-hook="copy-in '$WORK/distrolab.pref' /etc/apt/preferences.d"
		--customize-hook="tar-in '$WORK/overlay.tar' /"
		--customize-hook="upload '$customize' /distrolab-customize"
		--customize-hook='chroot "$1" sh -eux /distrolab-customize'
		--customize-hook='chroot "$1" dpkg-query -W -f "\${Package}=\${Version}\n" >"$1/distrolab-packages"'
		--customize-hook="download /distrolab-packages '$WORK/packages'"
	)
	for item in "$@"; do
		hooks+=(--customize-hook="download '${item%%:*}' '$WORK/${item#*:}'" --customize-hook="rm -r \"\$1${item%%:*}\"")
	done
	# mmdebstrap's own cleaning of apt is left out (--skip): it runs apt once
	# more after the last hook, which leaves directories that belong to root or
	# to _apt, by the mode.
	stage "installing packages of Debian $suite (mmdebstrap, mode $mode; log $WORK/mmdebstrap.log)"
	TMPDIR=$ROOT_TMP step mmdebstrap --mode="$mode" --variant=essential --format=tar --verbose --skip=cleanup/apt \
		--include="$packages" --aptopt='Acquire::Retries "3"' --aptopt='APT::Install-Recommends "false"' \
		"${hooks[@]}" --customize-hook="$(scrub_hook)" \
		"$suite" "$tar" "$WORK/sources.list" >"$WORK/mmdebstrap.log" 2>&1 || {
		tail -n 25 "$WORK/mmdebstrap.log" >&2
		die "installing packages: see above; if apt says NO_PUBKEY, update the package debian-archive-keyring; if it cannot connect, set DISTROLAB_DEBIAN_MIRROR"
	}
	sort "$WORK/packages" >"$WORK/out/packages.list"
	lock_compare "$lock" "$WORK/out/packages.list"
}

# root_mode says how mmdebstrap gets the rights it needs.
root_mode() {
	if [ "$(id -u)" = 0 ]; then
		echo root
		return
	fi
	need newuidmap uidmap
	grep -q -e "^$(id -un):" -e "^$(id -u):" /etc/subuid ||
		die "user $(id -un) has no line in /etc/subuid; run: sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 $(id -un), or build as root"
	unshare --user true 2>/dev/null ||
		die "this kernel gives ordinary users no user namespaces (sysctl kernel.unprivileged_userns_clone, or kernel.apparmor_restrict_unprivileged_userns on Ubuntu); allow them or build as root"
	echo unshare
}

debian_sources() {
	local mirror=${DISTROLAB_DEBIAN_MIRROR:-http://deb.debian.org/debian}
	local security=${DISTROLAB_DEBIAN_SECURITY_MIRROR:-http://deb.debian.org/debian-security}
	echo "deb [signed-by=$KEYRING] $mirror $1 main"
	echo "deb [signed-by=$KEYRING] $mirror $1-updates main"
	echo "deb [signed-by=$KEYRING] $security $1-security main"
}

# A lock is a text file: "# epoch SECONDS" (the time of everything in the image
# that has none of its own) and one NAME=VERSION per line.
lock_epoch() {
	local epoch=
	if [ -z "$UPDATE_LOCK" ]; then
		epoch=$(sed -n 's/^# epoch \([0-9][0-9]*\)$/\1/p' "$1" 2>/dev/null | head -n 1)
	fi
	echo "${epoch:-$(date -u -d "$(date -u +%F)" +%s)}"
}

# lock_preferences makes apt prefer exactly the locked versions. A version that
# the mirror no longer has is ignored by apt, and reported by lock_compare.
lock_preferences() {
	[ -z "$UPDATE_LOCK" ] || return 0
	sed -n 's/^\([^#=]*\)=\(.*\)$/Package: \1\nPin: version \2\nPin-Priority: 1001\n/p' "$1"
}

# lock_compare LOCK LIST reports what moved since the lock was written, or
# writes the lock anew.
lock_compare() {
	local lock=$1 list=$2 name
	MOVED=0
	if [ -n "$UPDATE_LOCK" ]; then
		{
			echo "# Packages of the guest $GUEST, written by: scripts/guests/build $GUEST --update-lock"
			echo "# epoch $SOURCE_DATE_EPOCH"
			cat "$list"
		} >"$WORK/lock"
		cp "$WORK/lock" "$lock"
		stage "wrote $lock ($(wc -l <"$list") packages)"
		guest_key # the lock is one of the inputs
		return
	fi
	sed '/^#/d' "$lock" | sort >"$WORK/locked"
	while read -r name; do
		MOVED=$((MOVED + 1))
		stage "moved: ${name%%=*}: locked $(sed -n "s/^${name%%=*}=//p" "$WORK/locked" | grep . || echo nothing), the mirror has $(sed -n "s/^${name%%=*}=//p" "$list" | grep . || echo nothing)"
	done < <(comm -3 "$WORK/locked" "$list" | tr -d '\t' | sort -t= -k1,1 -u)
	[ "$MOVED" = 0 ] || stage "$MOVED packages are not as in $lock; the version of this guest says so"
}

# guest_version BASE names the build: the key, and what moved.
guest_version() {
	local moved=
	if [ "$MOVED" != 0 ]; then
		moved=-moved$MOVED-$(sha256sum <"$WORK/out/packages.list" | cut -c1-8)
	fi
	echo "$1-$(echo "$KEY" | cut -c1-8)$moved"
}

# scrub_hook prints the last hook: it removes what is of this build and not of
# the image, as vendors do before they publish. A builder adds commands by
# SCRUB_ALSO; they run in the root of the new file system.
scrub_hook() {
	cat <<-'EOF'
		set -e
		cd "$1"
		rm -f distrolab-customize distrolab-packages etc/apt/preferences.d/distrolab.pref
		rm -f etc/apt/sources.list.d/0000sources.list etc/apt/apt.conf.d/99mmdebstrap
		: >etc/apt/sources.list && rm etc/apt/sources.list
		: >etc/machine-id
		: >etc/hostname
		rm -f var/lib/dbus/machine-id etc/ssh/ssh_host_* var/lib/systemd/random-seed var/lib/systemd/credential.secret
		rm -f etc/passwd- etc/shadow- etc/group- etc/gshadow- etc/subuid- etc/subgid- etc/.pwd.lock
		sed -i -E "s/^([^:]*:[^:]*:)[0-9]+:/\\1$((SOURCE_DATE_EPOCH / 86400)):/" etc/shadow
		rm -f var/cache/debconf/*-old var/lib/dpkg/*-old var/lib/dpkg/lock* var/cache/ldconfig/aux-cache
		rm -f var/lib/dpkg/available
		rm -rf var/cache/apt/* var/lib/apt/lists/*
		find var/log -type f -delete
		# /tmp and /run are left to mmdebstrap, which has its apt.conf there.
		find var/tmp -mindepth 1 -delete
		if [ -e usr/lib/systemd/systemd-resolved ]; then
			ln -sf ../run/systemd/resolve/stub-resolv.conf etc/resolv.conf
		else
			: >etc/resolv.conf
		fi
	EOF
	printf '%s\n' "${SCRUB_ALSO:-}"
}

#!/bin/sh
# Acceptance T7 with machines: one image under two names, in shuffled blocks.
# Whatever differs between the two is the observer's or the experiment's doing.
# Called by scripts/bench-observer: aa.sh BLOCKS DISTROLAB FILE
set -eu
cd "$(dirname "$0")/../.."
blocks=$1 distrolab=$2 file=$3
base=$(mktemp -d /tmp/distrolab-aa.XXXXXX)
chmod 0711 "$base" # QEMU's user walks in
export DISTROLAB_HOME="$base/home" XDG_CONFIG_HOME="$base/config"
end() {
	"$distrolab" gc --prove >&2 || true
	rm -rf "$base"
}
trap end EXIT
trap : INT TERM
guest=$(./scripts/guests/build probe)
mkdir -p "$base/config/distrolab/distros" "$base/again"
sed 's/^name: probe$/name: probe-again/; s/^title: .*/title: Probe guest again/' distros/catalog/probe.yaml >"$base/config/distrolab/distros/probe-again.yaml"
cp "$guest"/* "$base/again/"
sed -i 's/"distro": "probe"/"distro": "probe-again"/' "$base/again/image.json"
"$distrolab" import "$guest" >&2
"$distrolab" import "$base/again" >&2
"$distrolab" bench boot probe probe-again --baseline probe --blocks "$blocks" --seed 7 >&2
"$distrolab" results report last --format md --out "$file"

package linux

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"distrolab/provision"
)

// source plans a file that is fetched.
func (p *planner) source(f File) {
	switch {
	case p.fetching == FetchByFormat:
		p.plan.Files = append(p.plan.Files, f)
	case p.fetching == FetchByNobody:
		p.gap(f.Field, "nothing on this system fetches %s at first boot; give its content, or bring it in an image", f.Path)
	case p.userland.Init != "systemd":
		p.gap(f.Field, "%s is fetched by a systemd unit, and this system does not run systemd; give its content", f.Path)
	default:
		p.plan.Fetched = append(p.plan.Fetched, f)
	}
}

// fetch writes the script and the unit that fetch what was planned.
func (p *planner) fetch() {
	if len(p.plan.Fetched) == 0 {
		return
	}
	var list strings.Builder
	for _, f := range p.plan.Fetched {
		fmt.Fprintf(&list, "fetch %04o %s %s %s\n", f.EffectiveMode(), Quote(f.Path), f.SHA256, Quote(f.Source))
	}
	sum := sha256.Sum256([]byte(list.String()))
	mark := "/var/lib/distrolab/fetched-" + hex.EncodeToString(sum[:])[:12]
	field := p.plan.Fetched[0].Field
	p.file(field, fmt.Sprintf("fetches %d file(s) once", len(p.plan.Fetched)), provision.File{
		Path: provision.FetchPath, Content: fetchHead + list.String() + "mkdir -p /var/lib/distrolab\n: >" + mark + "\n", Mode: 0o755,
	})
	p.unit(Unit{Field: field, Unit: provision.Unit{Name: provision.FetchUnit, Enabled: true, Content: `[Unit]
Description=Fetch the files that the config names
DefaultDependencies=no
Requires=sysinit.target
Wants=network-online.target
After=sysinit.target network-online.target
Conflicts=shutdown.target
Before=shutdown.target
ConditionPathExists=!` + mark + `

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh ` + provision.FetchPath + `
StandardOutput=journal+console
StandardError=journal+console

[Install]
WantedBy=multi-user.target
`}})
}

// FetchFailed begins the line on the console that says which file could not be
// had; what follows is its address and why.
const FetchFailed = "distrolab: fetch failed"

// fetchHead fetches one file with what the system has. A file is at its place
// when it is whole and what it should be, and not before; a server that is not
// there yet is asked for two minutes.
const fetchHead = `#!/bin/sh
# Fetches files once and checks what they are. Written by distrolab.
set -u

# get URL FILE
get() {
    if command -v curl >/dev/null 2>&1; then
        curl -fsSL --connect-timeout 10 --speed-limit 1 --speed-time 60 -o "$2" "$1"
    else
        wget -q -T 60 -O "$2" "$1"
    fi
}

# fetch MODE PATH SHA256 URL
fetch() {
    directory=$(dirname "$2")
    mkdir -p "$directory" && part=$(mktemp "$directory/.distrolab.XXXXXX") || exit 1
    tries=0
    until get "$4" "$part"; do
        tries=$((tries + 1))
        if [ "$tries" -ge 40 ]; then
            rm -f "$part"
            echo "` + FetchFailed + `: $4 cannot be had"
            exit 1
        fi
        sleep 3
    done
    if [ "$(sha256sum <"$part" | cut -d ' ' -f 1)" != "$3" ]; then
        rm -f "$part"
        echo "` + FetchFailed + `: $4 is not the file that the config knows by its SHA-256"
        exit 1
    fi
    chmod "$1" "$part" && mv -f "$part" "$2" || exit 1
}

`

// Quote makes one word of s for a shell, whatever is in it.
func Quote(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-:@+", r)
	}
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool { return !plain(r) }) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

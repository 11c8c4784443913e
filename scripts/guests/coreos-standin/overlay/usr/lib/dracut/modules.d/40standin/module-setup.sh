#!/bin/bash
# What the CoreOS family puts around Ignition in its initrd: the base config
# that makes the user core, log lines that reach the console, and a network
# that starts only when a config has to be fetched.

depends() {
    echo ignition
}

install() {
    inst_multiple bash modprobe mount umount journalctl systemctl
    inst_simple /etc/ssl/certs/ca-certificates.crt
    inst_simple "$moddir/base.ign" /usr/lib/ignition/base.d/10-core.ign
    inst_simple "$moddir/journald.conf" /etc/systemd/journald.conf.d/50-standin.conf
    inst_simple "$moddir/needs-usr.conf" "$systemdsystemunitdir/ignition-mount.service.d/needs-usr.conf"
    inst_simple "$moddir/coldplug.conf" "$systemdsystemunitdir/systemd-udev-trigger.service.d/coldplug.conf"
    # Debian compiles Ignition with SELinux support, has none itself, and
    # Ignition fails where it cannot relabel: see /etc/selinux/config.
    inst_simple "$moddir/setfiles" /usr/sbin/setfiles

    inst_simple "$moddir/ignition-network.service" "$systemdsystemunitdir/ignition-network.service"
    mkdir -p "$initdir/$systemdsystemunitdir/ignition-complete.target.requires"
    ln_r "$systemdsystemunitdir/ignition-network.service" \
        "$systemdsystemunitdir/ignition-complete.target.requires/ignition-network.service"
    inst_simple /usr/lib/systemd/network/zz-default.network
    local unit
    for unit in systemd-networkd systemd-resolved systemd-networkd-wait-online dbus dbus-org; do
        rm -f "$initdir"/{usr/lib,etc}/systemd/system/*.{wants,requires}/"$unit"*
    done
}

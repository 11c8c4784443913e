package kubeadm

import "distrolab/provision"

// sayFunction puts a line on the console, whatever becomes of standard output.
const sayFunction = `say() { echo "$1" >/dev/console 2>/dev/null || echo "$1"; }
`

// kubeletErrors shows why a kubelet does not run: kubeadm only says that.
const kubeletErrors = `# The kubelet's last errors, in the form of its log: E and F are errors.
kubelet_errors() {
    journalctl --no-pager -q -o cat -n 300 -u kubelet.service 2>/dev/null |
        grep -E '^[EF][0-9]{4} |err=|rror: |command failed' | tail -n 8 | cut -c 1-400
}
`

// joinScript runs kubeadm once. What a failed try left behind is taken away
// before the next: kubeadm would refuse to go on because of it, and hide why
// the first one failed. That is done after the failure, since a kubelet.conf
// means to the unit that the join ended well, and again before a try, for one
// that was cut short.
const joinScript = `#!/bin/sh
# Joins the cluster by kubeadm. Written by distrolab.
` + sayFunction + kubeletErrors + `
tidy() {
    [ -e /etc/kubernetes/pki/ca.crt ] || return 0 # kubeadm had not begun
    systemctl stop kubelet.service
    rm -f /etc/kubernetes/bootstrap-kubelet.conf /etc/kubernetes/kubelet.conf /etc/kubernetes/pki/ca.crt /var/lib/kubelet/config.yaml
}
tidy
say "` + JoinStarted + `"
kubeadm join --config ` + provision.JoinPath + `
status=$?
if [ "$status" -eq 0 ]; then
    say "` + JoinDone + `"
    exit 0
fi
kubelet_errors
tidy
say "` + JoinFailed + ` (kubeadm ended with status $status); it is tried again"
exit 1
`

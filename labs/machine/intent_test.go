package machine_test

import "distrolab/provision"

// blob has what a text format cannot hold as it is.
const blob = "\x00\x01\xfe\xff\r\n\"$(x) ${y} \x7f"

// everything is an intent with all its parts that is right for a machine of
// the lab's own network.
func everything(address, mac string, keys ...string) provision.Intent {
	if len(keys) == 0 {
		keys = []string{testKey}
	}
	return provision.Intent{
		Hostname: "node-7",
		Users:    []provision.User{{Name: "core", SSHAuthorizedKeys: keys}, {Name: "trainer", SSHAuthorizedKeys: keys}},
		Network: provision.Network{MAC: mac, Addresses: []string{address + "/24"}, Gateway: "192.168.127.1",
			DNS: []string{"192.168.127.1"}},
		Files: []provision.File{
			{Path: "/etc/lab/greeting", Content: "quotes \" ' and $(things), ä\nno end", Mode: 0o640},
			{Path: "/etc/lab/blob", Content: blob, Mode: 0o600},
			{Path: "/etc/lab/hello.sh", Content: "#!/bin/sh\necho \"hello from $(hostname)\" >/run/hello\n", Mode: 0o755},
		},
		Units: []provision.Unit{
			{Name: "hello.service", Enabled: true, Content: "[Unit]\nDescription=Say hello once\n\n[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/etc/lab/hello.sh\n\n[Install]\nWantedBy=multi-user.target\n"},
			{Name: "idle.service", Enabled: false, Content: "[Service]\nExecStart=/bin/true\n\n[Install]\nWantedBy=multi-user.target\n"},
			{Name: "ssh.service", Enabled: true},
		},
		Kernel: provision.Kernel{Modules: []string{"br_netfilter"}, Sysctl: map[string]string{
			"net.ipv4.ip_forward": "1", "kernel.panic": "17"}},
		Time:       provision.Time{NTP: []string{"192.168.127.1"}},
		Registries: provision.Registries{Mirrors: map[string][]string{"docker.io": {"http://192.168.127.1:5000"}}},
		Update:     provision.Update{Auto: new(bool)},
		Join:       &provision.Join{Endpoint: "192.168.127.2:6443", Token: joinToken, CA: joinCA, Kubernetes: "v1.36.1"},
	}
}

const joinToken = "abcdef.0123456789abcdef"

// joinCA is the certificate of a cluster that does not exist.
const joinCA = `-----BEGIN CERTIFICATE-----
MIIBHDCBz6ADAgECAgEBMAUGAytlcDAVMRMwEQYDVQQDEwprdWJlcm5ldGVzMCAX
DTIwMDEwMTAwMDAwMFoYDzIxMDAwMTAxMDAwMDAwWjAVMRMwEQYDVQQDEwprdWJl
cm5ldGVzMCowBQYDK2VwAyEA6kpsY+KcUgq+9VB7Ey7F+ZVHdq6+vnuSQh7qaRRG
0iyjQjBAMA4GA1UdDwEB/wQEAwIChDAPBgNVHRMBAf8EBTADAQH/MB0GA1UdDgQW
BBT+gSwS86tM5qxdtprDUvkGyxsR7zAFBgMrZXADQQAx83eI88MQJoJaDA+o0Zon
Bz/JCJDD4b6LdD/fiH72CHwOqqta47GUE72Zd/L+mTYuTNAC7cBe9Gnln2zkptsO
-----END CERTIFICATE-----
`

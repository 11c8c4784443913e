package network

import (
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestConfigIsChecked(t *testing.T) {
	lease := func(name, mac, ip string) Lease {
		hw, _ := net.ParseMAC(mac)
		addr, _ := netip.ParseAddr(ip)
		return Lease{Name: name, MAC: hw, IP: addr}
	}
	const mac, ip = "02:00:00:00:00:11", "192.168.127.11"
	for name, test := range map[string]struct {
		cfg  Config
		want string // part of the error; empty: valid
	}{
		"nothing set":             {Config{}, ""},
		"a lease":                 {Config{Leases: []Lease{lease("one", mac, ip)}}, ""},
		"another subnet":          {Config{Subnet: netip.MustParsePrefix("10.9.8.0/29")}, ""},
		"IPv6":                    {Config{Subnet: netip.MustParsePrefix("fd00::/64")}, "want an IPv4 prefix"},
		"a subnet too small":      {Config{Subnet: netip.MustParsePrefix("10.0.0.0/30")}, "want an IPv4 prefix"},
		"host bits":               {Config{Subnet: netip.MustParsePrefix("10.0.0.1/24")}, "want 10.0.0.0/24"},
		"loopback":                {Config{Subnet: netip.MustParsePrefix("127.0.0.0/8")}, "may not use"},
		"a gateway elsewhere":     {Config{Gateway: netip.MustParseAddr("10.0.0.1")}, "not in subnet"},
		"a domain with a newline": {Config{Domain: "lab\nx"}, "domain"},
		"a name with dots":        {Config{Leases: []Lease{lease("../one", mac, ip)}}, "one DNS label"},
		"the gateway's name":      {Config{Leases: []Lease{lease("Gateway", mac, ip)}}, "used twice"},
		"the gateway's address":   {Config{Leases: []Lease{lease("one", mac, "192.168.127.1")}}, "used twice"},
		"the gateway's MAC":       {Config{Leases: []Lease{lease("one", "02:64:6c:00:00:01", ip)}}, "used twice"},
		"a MAC used twice":        {Config{Leases: []Lease{lease("one", mac, ip), lease("two", mac, "192.168.127.12")}}, "used twice"},
		"a group's MAC":           {Config{Leases: []Lease{lease("one", "01:00:00:00:00:11", ip)}}, "unicast"},
		"a long MAC":              {Config{Leases: []Lease{lease("one", "02:00:00:00:00:00:00:11", ip)}}, "6 bytes"},
		"no MAC":                  {Config{Leases: []Lease{lease("one", "", ip)}}, "6 bytes"},
		"the broadcast address":   {Config{Leases: []Lease{lease("one", mac, "192.168.127.255")}}, "belong to no host"},
		"an address elsewhere":    {Config{Leases: []Lease{lease("one", mac, "10.0.0.1")}}, "not in subnet"},
		"a host that is no name":  {Config{Hosts: map[string]netip.Addr{"a b": netip.MustParseAddr(ip)}}, "DNS name"},
	} {
		t.Run(name, func(t *testing.T) {
			err := test.cfg.withDefaults().validate()
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestNewRefusesABadConfig(t *testing.T) {
	if n, err := New(t.Context(), Config{Subnet: netip.MustParsePrefix("fd00::/64")}); err == nil {
		n.Close()
		t.Fatal("accepted")
	}
}

func TestListenMakesAPrivateSocket(t *testing.T) {
	old := syscall.Umask(0)
	defer syscall.Umask(old)
	path := filepath.Join(shortDir(t), "s")
	var owner *Owner
	if os.Getuid() == 0 {
		owner = &Owner{UID: 65534, GID: 65534}
	}
	listener, err := Listen(path, owner)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode() != os.ModeSocket|0o600 {
		t.Errorf("mode %v, want only its owner", info.Mode())
	}
	if stat := info.Sys().(*syscall.Stat_t); owner != nil && (stat.Uid != 65534 || stat.Gid != 65534) {
		t.Errorf("owned by %d:%d", stat.Uid, stat.Gid)
	}
	if again, err := Listen(path, nil); err == nil {
		again.Close()
		t.Error("took a socket that is in use")
	}
	listener.Close()
	if _, err := os.Lstat(path); !os.IsNotExist(err) {
		t.Errorf("socket after Close: %v", err)
	}
}

// The file must never have been open to others, not even before Listen returned:
// the socket is bound with its mode, while the process's umask allows everything.
func TestSocketModeIsSetBeforeTheSocketHasAName(t *testing.T) {
	old := syscall.Umask(0)
	defer syscall.Umask(old)
	path := filepath.Join(shortDir(t), "s")
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(fd)
	if err := setMode("", "", rawFD(fd)); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Bind(fd, &syscall.SockaddrUnix{Name: path}); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode after bind: %v, %v", info.Mode(), err)
	}
}

type rawFD uintptr

func (fd rawFD) Control(f func(uintptr)) error { f(uintptr(fd)); return nil }
func (rawFD) Read(func(uintptr) bool) error    { return nil }
func (rawFD) Write(func(uintptr) bool) error   { return nil }

func TestListenReplacesADeadSocket(t *testing.T) {
	path := filepath.Join(shortDir(t), "s")
	dead, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	dead.SetUnlinkOnClose(false)
	dead.Close()
	listener, err := Listen(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
}

func TestListenRefuses(t *testing.T) {
	dir, open := shortDir(t), shortDir(t)
	if err := os.Chmod(open, 0o777); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct{ path, want string }{
		"a long path":               {filepath.Join(dir, strings.Repeat("x", 108)), "shorter directory"},
		"a relative path":           {"s", "not absolute"},
		"an abstract name":          {"@lab", "not absolute"},
		"a directory open to all":   {filepath.Join(open, "s"), "may be written by others"},
		"no directory":              {filepath.Join(dir, "none", "s"), "no such file"},
		"a file that is in the way": {file, "something else"},
	} {
		t.Run(name, func(t *testing.T) {
			listener, err := Listen(test.path, nil)
			if err == nil {
				listener.Close()
			}
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != "precious" {
		t.Errorf("file in the way: %q, %v", got, err)
	}
}

func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "net")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

package cloudinit

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"path"
	"strings"

	"go.yaml.in/yaml/v3"
)

// cloudConfig looks at what a shape cannot say.
func (r *reader) cloudConfig(root *yaml.Node) {
	for i, file := range items(child(root, "write_files")) {
		r.file(file, fmt.Sprintf("write_files[%d]", i))
	}
	for i, user := range items(child(root, "users")) {
		r.user(user, fmt.Sprintf("users[%d]", i))
	}
	if password := child(root, "password"); password != nil {
		r.warn(password, "password", "everybody who can read the user-data reads this password; use ssh_authorized_keys")
	}
}

// file looks at an item of write_files.
func (r *reader) file(n *yaml.Node, at string) {
	if p := child(n, "path"); p != nil && kindOf(p) == text && !path.IsAbs(p.Value) {
		r.fail(p, at+".path", fmt.Sprintf("%q must be an absolute path", clip(p.Value)))
	}
	content, encoding := child(n, "content"), child(n, "encoding")
	if content != nil && encoding != nil && (encoding.Value == "b64" || encoding.Value == "base64") {
		plain := strings.NewReplacer("\n", "", " ", "").Replace(content.Value)
		if _, err := base64.StdEncoding.DecodeString(plain); err != nil {
			r.fail(content, at+".content", "is not base64, which encoding says it is")
		}
	}
	if mode := child(n, "permissions"); mode != nil && kindOf(mode) == text {
		if value := strings.TrimPrefix(mode.Value, "0o"); value == "" || strings.Trim(value, "01234567") != "" {
			r.fail(mode, at+".permissions", fmt.Sprintf("%q must be an octal number in quotes, such as \"0644\"", clip(mode.Value)))
		}
	}
}

// user looks at an item of users.
func (r *reader) user(n *yaml.Node, at string) {
	if kindOf(n) != mapping {
		return
	}
	if child(n, "name") == nil && child(n, "snapuser") == nil {
		r.fail(n, at+".name", "is missing")
	}
	if password := child(n, "plain_text_passwd"); password != nil {
		r.warn(password, at+".plain_text_passwd", "everybody who can read the user-data reads this password; use ssh_authorized_keys")
	}
	for i, key := range items(child(n, "ssh_authorized_keys")) {
		if strings.Contains(key.Value, "PRIVATE KEY") {
			r.fail(key, fmt.Sprintf("%s.ssh_authorized_keys[%d]", at, i), "is a private key; give the public one, from the file that ends in .pub")
		}
	}
}

// networkV1 looks at the addresses of version 1.
func (r *reader) networkV1(root *yaml.Node, at string) {
	for i, item := range items(child(root, "config")) {
		place := fmt.Sprintf("%s[%d]", join(at, "config"), i)
		r.mac(child(item, "mac_address"), place+".mac_address")
		for k, subnet := range items(child(item, "subnets")) {
			below := fmt.Sprintf("%s.subnets[%d]", place, k)
			if kind := child(subnet, "type"); kind != nil && strings.HasPrefix(kind.Value, "static") {
				r.address(child(subnet, "address"), below+".address", child(subnet, "netmask") != nil)
			}
			r.host(child(subnet, "gateway"), below+".gateway")
		}
	}
}

// networkV2 looks at the addresses of version 2.
func (r *reader) networkV2(root *yaml.Node, at string) {
	ethernets := child(root, "ethernets")
	if ethernets == nil || ethernets.Kind != yaml.MappingNode {
		return
	}
	for i := 0; i+1 < len(ethernets.Content); i += 2 {
		place := join(join(at, "ethernets"), clip(ethernets.Content[i].Value))
		device := ethernets.Content[i+1]
		r.mac(child(child(device, "match"), "macaddress"), place+".match.macaddress")
		for k, address := range items(child(device, "addresses")) {
			if kindOf(address) == text {
				r.address(address, fmt.Sprintf("%s.addresses[%d]", place, k), false)
			}
		}
		for k, route := range items(child(device, "routes")) {
			r.host(child(route, "via"), fmt.Sprintf("%s.routes[%d].via", place, k))
		}
		for k, server := range items(child(child(device, "nameservers"), "addresses")) {
			r.host(server, fmt.Sprintf("%s.nameservers.addresses[%d]", place, k))
		}
	}
}

func (r *reader) mac(n *yaml.Node, at string) {
	if n == nil || kindOf(n) == null {
		return
	}
	if _, err := net.ParseMAC(n.Value); err != nil {
		r.fail(n, at, fmt.Sprintf("%q must be a MAC address, such as \"52:54:00:12:34:56\"", clip(n.Value)))
	}
}

// address wants a prefix length, unless a netmask stands beside it.
func (r *reader) address(n *yaml.Node, at string, masked bool) {
	if n == nil {
		return
	}
	_, prefix := netip.ParsePrefix(n.Value)
	_, bare := netip.ParseAddr(n.Value)
	if prefix != nil && (bare != nil || !masked) {
		r.fail(n, at, fmt.Sprintf("%q must be an address with its prefix length, such as \"192.168.50.10/24\"", clip(n.Value)))
	}
}

func (r *reader) host(n *yaml.Node, at string) {
	if n == nil {
		return
	}
	if _, err := netip.ParseAddr(n.Value); err != nil {
		r.fail(n, at, fmt.Sprintf("%q must be an address without prefix length, such as \"192.168.50.1\"", clip(n.Value)))
	}
}

// promises holds a rendered document to what distrolab says of every config.
func promises(name string, root *yaml.Node) error {
	var problems []error
	add := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	switch name {
	case userData:
		if login := child(root, "ssh_pwauth"); login == nil || login.Value != "false" {
			add("ssh_pwauth must be false")
		}
		for i, user := range items(child(root, "users")) {
			locked, hash := child(user, "lock_passwd"), child(user, "passwd")
			if locked == nil || locked.Value != "true" && (hash == nil || hash.Value != noPassword) {
				add("users[%d] must have lock_passwd: true, or the passwd %q that no password has", i, noPassword)
			}
		}
		for i, file := range items(child(root, "write_files")) {
			if child(file, "permissions") == nil {
				add("write_files[%d] must have permissions", i)
			}
		}
	case metaData:
		for _, name := range []string{"instance-id", "local-hostname"} {
			if value := child(root, name); value == nil || value.Value == "" {
				add("%s must be set", name)
			}
		}
	}
	return errors.Join(problems...)
}

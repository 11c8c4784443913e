package rancheros

import (
	"net/url"
	"strings"

	"distrolab/provision"
)

// ntpPath is the file of the system service ntp, inside its container.
const ntpPath = "/etc/ntp.conf"

// time writes the file of ntpd into the container that runs it.
func (p *plan) time() {
	servers := p.intent.Time.NTP
	switch {
	case len(servers) == 0:
		return
	case p.line != nil:
		p.gap("time", "time servers stand in a file, which cannot be said on the kernel command line; use --delivery volume")
		return
	}
	var text strings.Builder
	for _, server := range servers {
		text.WriteString("server " + server + " iburst\n")
	}
	text.WriteString("restrict default nomodify nopeer noquery limited kod\nrestrict 127.0.0.1\nrestrict [::1]\n")
	p.config.files = append(p.config.files, file{File: provision.File{Path: ntpPath, Content: text.String()}, container: "ntp"})
	p.step(clock, "time", "writes %s in its container and sets the clock by %s", ntpPath, strings.Join(servers, ", "))
}

// registries: Docker has mirrors of docker.io alone, and does not start with
// one that has a path.
func (p *plan) registries() {
	mirrors := p.intent.Registries
	var c config
	for _, host := range mirrors.Hosts() {
		field := "registries.mirrors[" + host + "]"
		if host != "docker.io" {
			p.gap(field, "Docker has mirrors of docker.io only; name the mirror in the image's name")
			continue
		}
		for _, mirror := range mirrors.Mirrors[host] {
			u, err := url.Parse(mirror)
			if err != nil || strings.Trim(u.Path, "/") != "" {
				p.gap(field, "Docker would not start with %s, a mirror with a path; give host and port only", mirror)
				continue
			}
			c.addMirror(u)
		}
	}
	if len(c.mirrors) == 0 || !p.say("registries", c.dockerWords()...) {
		return
	}
	p.config.mirrors, p.config.insecure, p.config.arguments = c.mirrors, c.insecure, c.arguments
	p.step(docker, "registries", "starts Docker with the mirrors %s of docker.io", strings.Join(c.mirrors, ", "))
}

// addMirror names a mirror: there is a key for one, further ones are arguments.
func (c *config) addMirror(u *url.URL) {
	address := u.Scheme + "://" + u.Host
	switch {
	case len(c.mirrors) == 0:
		c.mirrors = append(c.mirrors, address)
	default:
		c.mirrors = distinct(append(c.mirrors, address))
		c.arguments = nil
		for _, more := range c.mirrors[1:] {
			c.arguments = append(c.arguments, "--registry-mirror="+more)
		}
	}
	if u.Scheme == "http" {
		c.insecure = distinct(append(c.insecure, u.Host))
	}
}

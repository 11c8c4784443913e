package hypervisor

import (
	"context"
	"fmt"
	"time"

	libvirt "github.com/digitalocean/go-libvirt"
)

// Usage is what a domain takes of its host.
type Usage struct {
	CPUTime  time.Duration // of all its processors and its QEMU, since it was made
	Resident int64         // bytes of memory that its QEMU holds; 0: unknown
}

// Usage asks for it: two calls that libvirt answers from /proc.
func (m *Machine) Usage(ctx context.Context) (Usage, error) {
	usage, err := call(ctx, m.c, nil, func(l *libvirt.Libvirt) (Usage, error) {
		_, _, _, _, cpu, err := l.DomainGetInfo(m.domain)
		if err != nil {
			return Usage{}, err
		}
		stats, err := l.DomainMemoryStats(m.domain, uint32(libvirt.DomainMemoryStatNr), 0)
		u := Usage{CPUTime: time.Duration(cpu)}
		for _, s := range stats {
			if libvirt.DomainMemoryStatTags(s.Tag) == libvirt.DomainMemoryStatRss {
				u.Resident = int64(s.Val) << 10
			}
		}
		return u, err
	})
	if err != nil {
		return Usage{}, fmt.Errorf("asking what domain %q uses: %w", m.Name, err)
	}
	return usage, nil
}

package hypervisor

import (
	"context"
	"errors"
	"fmt"

	libvirt "github.com/digitalocean/go-libvirt"
)

// Tagged is a domain that carries our tag.
type Tagged struct {
	*Machine
	Tag   Tag
	State State
}

// List returns the domains that carry our tag with this home, or with any home
// when home is empty. It looks at no other domain. A domain that ends while
// it looks is left out.
func (c *Connection) List(ctx context.Context, home string) ([]Tagged, error) {
	domains, err := call(ctx, c, nil, func(l *libvirt.Libvirt) ([]libvirt.Domain, error) {
		domains, _, err := l.ConnectListAllDomains(1, libvirt.ConnectListDomainsActive|libvirt.ConnectListDomainsInactive)
		return domains, err
	})
	if err != nil {
		return nil, fmt.Errorf("listing domains of %s: %w", c.uri, err)
	}
	var found []Tagged
	for _, domain := range domains {
		machine := c.machine(domain)
		tag, ok, err := machine.Tag(ctx)
		if err != nil {
			return nil, err
		}
		if !ok || home != "" && tag.Home != home {
			continue
		}
		state, err := machine.State(ctx)
		if err != nil {
			return nil, err
		}
		if state != StateGone {
			found = append(found, Tagged{Machine: machine, Tag: tag, State: state})
		}
	}
	return found, nil
}

// Tag reads whose the domain is; false when it is not ours or is gone.
func (m *Machine) Tag(ctx context.Context) (Tag, bool, error) {
	text, err := call(ctx, m.c, nil, func(l *libvirt.Libvirt) (string, error) {
		return l.DomainGetMetadata(m.domain, int32(libvirt.DomainMetadataElement), libvirt.OptString{tagNamespace}, libvirt.DomainAffectCurrent)
	})
	var remote libvirt.Error
	switch {
	case errors.Is(err, ErrNotFound):
		return Tag{}, false, nil
	case errors.As(err, &remote) && libvirt.ErrorNumber(remote.Code) == libvirt.ErrNoDomainMetadata:
		return Tag{}, false, nil
	case err != nil:
		return Tag{}, false, fmt.Errorf("reading the tag of domain %q: %w", m.Name, err)
	}
	tag, err := parseTag(text)
	if err != nil {
		m.c.log.Warn("a domain has a tag that cannot be read; leaving it alone", "domain", m.Name, "err", err)
		return Tag{}, false, nil
	}
	return tag, true, nil
}

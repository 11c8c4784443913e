package bench

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"time"

	"distrolab/labs/cluster"
	"distrolab/labs/holder"
	"distrolab/labs/kubernetes"
	"distrolab/labs/machine"
	"distrolab/labs/network"
	"distrolab/labs/observe"
	"distrolab/labs/session"
)

// tokenLife outlasts every session.
const tokenLife = 7 * 24 * time.Hour

// plane is what all runs of a session of joins share: a network, and in it the
// control plane that they join one after the other.
type plane struct {
	lan     *network.Network
	bundle  kubernetes.Bundle
	control *cluster.ControlPlane // nil: it exists elsewhere
	api     *cluster.Client       // nil: nobody watches
	address netip.AddrPort        // of the API server; invalid when it has a name
}

// raise makes the network and brings the control plane up in it.
func (s *Session) raise(ctx context.Context) error {
	if s.design.Join == nil {
		return nil
	}
	spec := s.design.Join.Cluster
	bundle, err := kubernetes.Open(spec.Bundle)
	if err != nil {
		return err
	}
	s.plane = &plane{bundle: bundle}
	if err := s.makeSharedNetwork(ctx); err != nil {
		return err
	}
	stop, err := cluster.Serve(s.plane.lan, bundle)
	if err != nil {
		return err
	}
	s.onClose(stop)
	if err := s.openAPI(ctx); err != nil || s.plane.api == nil {
		return err
	}
	s.tell(session.Progress{Step: session.StepPlane, Reason: cluster.StepToken})
	return s.plane.api.CreateToken(ctx, spec.Revealed(), time.Now().Add(tokenLife))
}

// makeSharedNetwork makes the network of the session: closed to the outside but
// for a control plane that exists there.
func (s *Session) makeSharedNetwork(ctx context.Context) error {
	spec, machines := s.design.Join.Cluster, []machine.Spec{s.design.Subjects[0]}
	config := network.Config{Isolated: true, Log: s.opt.Log}
	s.plane.address = cluster.Endpoint()
	if spec.External != nil {
		address, err := resolve(ctx, spec.External.Endpoint)
		if err != nil {
			return err
		}
		s.plane.address, config.Allowed = address, []netip.AddrPort{address}
	} else {
		machines = append(machines, spec.Recipe.Machine)
	}
	var err error
	if config.Leases, err = holder.Leases(machines); err != nil {
		return err
	}
	if s.plane.lan, err = network.New(ctx, config); err != nil {
		return fmt.Errorf("making the network of the session: %w", err)
	}
	s.onClose(s.plane.lan.Close)
	return nil
}

// resolve finds the IPv4 address of an API server.
func resolve(ctx context.Context, endpoint string) (netip.AddrPort, error) {
	host, port, err := net.SplitHostPort(endpoint)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("finding the control plane %s: %w", endpoint, err)
	}
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip4", host)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("finding the control plane %s: %w", endpoint, err)
	}
	number, err := net.DefaultResolver.LookupPort(ctx, "tcp", port)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("finding the control plane %s: %w", endpoint, err)
	}
	return netip.AddrPortFrom(found[0].Unmap(), uint16(number)), nil
}

// openAPI raises the control plane, or connects to the one that exists.
func (s *Session) openAPI(ctx context.Context) error {
	join := s.design.Join
	if outside := join.Cluster.External; outside != nil {
		if len(outside.Kubeconfig) == 0 {
			return nil
		}
		api, err := cluster.Connect(outside.Kubeconfig, nil)
		if err != nil {
			return err
		}
		s.plane.api = api
		return api.Ready(ctx)
	}
	control, err := cluster.Raise(ctx, cluster.Surroundings{
		Lab: s.surroundings(s.plane.lan), Saved: cluster.Store{Directory: s.opt.Home.ControlPlanes()},
		LabKey: s.opt.Key, Deadline: join.Cluster.Deadline,
		OnStep:  func(text string) { s.tell(session.Progress{Step: session.StepPlane, Reason: text}) },
		OnEvent: func(observe.Event) {},
	}, *join.Cluster.Recipe)
	if err != nil {
		return err
	}
	s.plane.control, s.plane.api = control, control.API
	s.onClose(func() error {
		control.API.Close()
		return control.Machine.Stop(context.WithoutCancel(ctx))
	})
	return nil
}

// planeEnded says why the control plane of the session is no longer there, which
// ends the session: there is nothing to join any more.
func (s *Session) planeEnded() error {
	if s.plane == nil || s.plane.control == nil {
		return nil
	}
	return s.plane.control.Ended()
}

// surroundings is the lab around a machine of the session.
func (s *Session) surroundings(lan *network.Network) machine.Environment {
	return machine.Environment{
		Libvirt: s.libvirt, Host: s.host, Accelerator: s.design.Accelerator, Network: lan, Ledger: s.record,
		Home: s.opt.Home.Data, Lab: s.lab, Directory: s.opt.Home.Lab(s.lab), Sockets: s.opt.Home.Sockets(s.lab), Run: s.opt.Run,
	}
}

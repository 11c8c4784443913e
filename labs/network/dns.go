package network

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/miekg/dns"
)

const (
	dnsPort      = 53
	dnsTimeout   = 2 * time.Second // for the host's name server to answer
	dnsQuestions = 64              // forwarded at once; more are refused
	resolvConf   = "/etc/resolv.conf"
)

// dnsServer answers names of the lab and forwards others.
type dnsServer struct {
	network  *Network
	addrs    map[string]netip.Addr // by lower-case full name with last dot
	pointers map[string]string     // names by in-addr.arpa name
	slots    chan struct{}
}

func (n *Network) serveDNS() error {
	packets, err := n.listenUDP(dnsPort, false)
	if err != nil {
		return err
	}
	streams, err := n.ListenGateway(dnsPort)
	if err != nil {
		_ = packets.Close()
		return err
	}
	handler := newDNSServer(n)
	for _, server := range []*dns.Server{
		{PacketConn: packets, Handler: handler},
		{Listener: streams, Handler: handler, MaxTCPQueries: 128},
	} {
		started := make(chan struct{})
		server.NotifyStartedFunc = func() { close(started) }
		n.tasks.run(func() {
			defer context.AfterFunc(n.ctx, func() {
				<-started // a server that has not started cannot be shut down
				_ = server.Shutdown()
			})()
			if err := server.ActivateAndServe(); err != nil && n.ctx.Err() == nil {
				n.cfg.Log.Error("serving DNS in the lab", "error", err)
			}
		})
	}
	return nil
}

func newDNSServer(n *Network) *dnsServer {
	s := &dnsServer{
		network:  n,
		addrs:    map[string]netip.Addr{},
		pointers: map[string]string{},
		slots:    make(chan struct{}, dnsQuestions),
	}
	for name, addr := range n.cfg.Hosts {
		s.addrs[strings.ToLower(name)+"."] = addr
	}
	s.add("host", n.cfg.Gateway)
	s.add("gateway", n.cfg.Gateway)
	for _, l := range n.cfg.Leases {
		s.add(strings.ToLower(l.Name), l.IP)
	}
	return s
}

// add names an address NAME and NAME.DOMAIN.
func (s *dnsServer) add(name string, addr netip.Addr) {
	full := name + "." + s.network.cfg.Domain + "."
	s.addrs[name+"."] = addr
	s.addrs[full] = addr
	if reverse, err := dns.ReverseAddr(addr.String()); err == nil {
		s.pointers[reverse] = full
	}
}

// ServeDNS answers one question; the library has refused messages with several.
func (s *dnsServer) ServeDNS(w dns.ResponseWriter, request *dns.Msg) {
	if len(request.Question) != 1 {
		return
	}
	reply := s.local(request)
	if reply == nil {
		reply = s.forward(request)
	}
	size := dns.MaxMsgSize
	if _, packets := w.RemoteAddr().(*net.UDPAddr); packets {
		size = dns.MinMsgSize
		if extended := request.IsEdns0(); extended != nil {
			size = min(max(size, int(extended.UDPSize())), mtu-28)
		}
	}
	reply.Truncate(size)
	_ = w.WriteMsg(reply) // the guest may have gone
}

// local answers what the lab knows; nil for a foreign name.
func (s *dnsServer) local(request *dns.Msg) *dns.Msg {
	question := request.Question[0]
	name := strings.ToLower(question.Name)
	reply := new(dns.Msg).SetReply(request)
	reply.Authoritative, reply.RecursionAvailable = true, true
	header := dns.RR_Header{Name: question.Name, Rrtype: question.Qtype, Class: dns.ClassINET, Ttl: 60}
	addr, isName := s.addrs[name]
	pointer, isPointer := s.pointers[name]
	switch {
	case isName && question.Qtype == dns.TypeA:
		reply.Answer = []dns.RR{&dns.A{Hdr: header, A: addr.AsSlice()}}
	case isPointer && question.Qtype == dns.TypePTR:
		reply.Answer = []dns.RR{&dns.PTR{Hdr: header, Ptr: pointer}}
	case isName || isPointer: // it exists, but not with this type
	case s.network.cfg.Isolated || s.owns(name):
		reply.Rcode = dns.RcodeNameError
	default:
		return nil
	}
	return reply
}

// owns is true for names that only the lab could know: its domain, and bare
// names, which no server outside answers.
func (s *dnsServer) owns(name string) bool {
	bare := strings.Count(name, ".") == 1 && len(name) > 1
	return bare || strings.HasSuffix(name, "."+s.network.cfg.Domain+".") || name == s.network.cfg.Domain+"."
}

// forward asks the host's name server.
func (s *dnsServer) forward(request *dns.Msg) *dns.Msg {
	reply := new(dns.Msg).SetRcode(request, dns.RcodeServerFailure)
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	default:
		return reply
	}
	upstream, err := s.upstream()
	if err != nil {
		s.network.cfg.Log.Warn("forwarding DNS question", "error", err)
		return reply
	}
	s.network.outside.names.Add(1)
	ctx, cancel := context.WithTimeout(s.network.ctx, dnsTimeout)
	defer cancel()
	answer, _, err := (&dns.Client{Timeout: dnsTimeout}).ExchangeContext(ctx, request, upstream)
	if err == nil && answer.Truncated {
		answer, _, err = (&dns.Client{Net: "tcp", Timeout: dnsTimeout}).ExchangeContext(ctx, request, upstream)
	}
	if err != nil {
		s.network.cfg.Log.Debug("forwarding DNS question", "to", upstream, "error", err)
		return reply
	}
	return answer
}

// upstream is read anew each time: a workstation changes networks.
func (s *dnsServer) upstream() (string, error) {
	if s.network.cfg.Upstream.IsValid() {
		return s.network.cfg.Upstream.String(), nil
	}
	config, err := dns.ClientConfigFromFile(resolvConf)
	if err != nil || len(config.Servers) == 0 {
		return "", fmt.Errorf("reading a name server from %s: %w", resolvConf, cmp.Or(err, errors.New("none listed")))
	}
	return net.JoinHostPort(config.Servers[0], config.Port), nil
}

package cluster

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"time"

	"distrolab/labs/kubernetes"
	"distrolab/labs/network"
)

// The gateway's port of everything that Kubernetes is made of.
const BundlePort = 5000

const nodeArchivePath = "/node.tar"

// Times of a transfer to a guest. One under TCG takes its time for an image.
const (
	serveHeader = 30 * time.Second
	serveBody   = 30 * time.Minute
)

// gateway is the address of a lab's gateway.
func gateway() netip.Addr { return netip.AddrFrom4([4]byte{192, 168, 127, 1}) }

// RegistryURL is where the machines of a lab find the registry.
func RegistryURL() string {
	return "http://" + netip.AddrPortFrom(gateway(), BundlePort).String()
}

// NodeArchiveURL is where they find what a node needs.
func NodeArchiveURL() string { return RegistryURL() + nodeArchivePath }

// Serve offers a bundle to the machines of a lab: images by the registry's
// interface, and the archive for nodes. It returns when the port is open;
// what it returns closes it, as the end of the network does.
func Serve(lab *network.Network, b kubernetes.Bundle) (stop func() error, err error) {
	listener, err := lab.ListenGateway(BundlePort)
	if err != nil {
		return nil, fmt.Errorf("serving Kubernetes %s in the lab: %w", b.Manifest.Version, err)
	}
	mux := http.NewServeMux()
	mux.Handle("/v2/", b.Registry())
	mux.HandleFunc("GET "+nodeArchivePath, func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, b.NodeArchive())
	})
	server := &http.Server{Handler: mux, ReadHeaderTimeout: serveHeader, ReadTimeout: serveHeader, WriteTimeout: serveBody,
		IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	return func() error {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		err := server.Shutdown(ctx)
		if err != nil {
			err = server.Close()
		}
		if served := <-ended; !errors.Is(served, http.ErrServerClosed) {
			err = errors.Join(err, served)
		}
		return err
	}, nil
}

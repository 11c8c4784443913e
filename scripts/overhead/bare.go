package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"distrolab/labs"
	"distrolab/labs/holder"
	"distrolab/labs/hypervisor"
	"distrolab/labs/ledger"
	"distrolab/labs/machine"
	"distrolab/labs/network"
)

// original is a machine that distrolab itself started, taken down to be
// started again without it.
type original struct {
	spec      machine.Spec
	lab       labs.Spec
	document  string // domain XML as libvirt gives it back
	directory string // of the machine
	sockets   string
	media     map[string][]byte // the files that its config became
}

// eventLimit bounds the wait for libvirt to start a machine.
const eventLimit = 2 * time.Minute

// capture starts the guest by `distrolab up` and keeps what it was made of.
func (w *workbench) capture(ctx context.Context, guest string) (original, error) {
	const lab = "model"
	if err := w.up(ctx, guest, lab); err != nil {
		return original{}, err
	}
	o, err := w.inspect(ctx, lab)
	return o, errors.Join(err, w.down(ctx, lab))
}

func (w *workbench) up(ctx context.Context, guest, lab string) error {
	_, err := w.output(ctx, w.binary, "up", guest, "--detach", "--lab", lab)
	return err
}

// down also works after Ctrl-C.
func (w *workbench) down(ctx context.Context, lab string) error {
	_, err := w.output(context.WithoutCancel(ctx), w.binary, "down", lab)
	return err
}

func (w *workbench) inspect(ctx context.Context, lab string) (original, error) {
	spec, err := labs.ReadSpec(w.home, lab)
	if err != nil {
		return original{}, err
	}
	o := original{lab: spec, spec: spec.Machines[0], sockets: w.home.Sockets(lab), media: map[string][]byte{}}
	o.directory = filepath.Join(w.home.Lab(lab), o.spec.Name)
	domain := machine.DomainName(lab, o.spec.Name)
	ctx, cancel := context.WithTimeout(ctx, eventLimit)
	defer cancel()
	if _, err := w.stamps.wait(ctx, domain, hypervisor.QEMUResume); err != nil {
		return original{}, fmt.Errorf("waiting for %s to run: %w", domain, err)
	}
	if o.document, err = w.virsh(ctx, "dumpxml", "--inactive", domain); err != nil {
		return original{}, err
	}
	for _, pattern := range []string{"seed.iso", "fw_cfg-*"} {
		paths, err := filepath.Glob(filepath.Join(o.directory, pattern))
		if err != nil {
			return original{}, err
		}
		for _, path := range paths {
			if o.media[filepath.Base(path)], err = os.ReadFile(path); err != nil {
				return original{}, err
			}
		}
	}
	return o, nil
}

// rewrite makes the document one of another lab: its own name, directory and
// sockets, and a new UUID. Nothing else differs.
func (o original) rewrite(lab, directory, sockets string) string {
	uuid := regexp.MustCompile(`(?m)^\s*<uuid>[^<]*</uuid>\n`)
	return strings.NewReplacer(
		o.directory+"/", directory+"/",
		o.sockets+"/", sockets+"/",
		"<name>"+machine.DomainName(o.lab.Name, o.spec.Name)+"</name>", "<name>"+machine.DomainName(lab, o.spec.Name)+"</name>",
		` owner="`+o.lab.Name+`"`, ` owner="`+lab+`"`,
	).Replace(uuid.ReplaceAllString(o.document, ""))
}

// bare is the same machine for virsh. It has the record of a lab, so that gc
// finds it should this process be killed.
type bare struct {
	w         *workbench
	original  original
	name      string // of the domain
	directory string
	sockets   string
	path      string // of the document
	record    *ledger.Ledger
	listeners map[string]net.Listener
}

// newBare makes the record of a bare machine.
func (w *workbench) newBare(o original, lab string) (*bare, error) {
	b := &bare{w: w, original: o, name: machine.DomainName(lab, o.spec.Name),
		directory: filepath.Join(w.home.Lab(lab), o.spec.Name), sockets: w.home.Sockets(lab)}
	record, err := w.record(lab)
	if err != nil {
		return nil, err
	}
	b.record = record
	w.onClose(func(context.Context) error { return record.Remove() })
	b.path = filepath.Join(w.home.Lab(lab), "domain.xml")
	document := o.rewrite(lab, b.directory, b.sockets)
	return b, os.WriteFile(b.path, []byte(document), 0o600)
}

// record makes a lab that belongs to this process, with a place for sockets.
func (w *workbench) record(lab string) (*ledger.Ledger, error) {
	self, err := ledger.Identify(os.Getpid())
	if err != nil {
		return nil, err
	}
	record, err := ledger.Create(w.home.Lab(lab), ledger.Owner{Lab: lab, Purpose: "bench", URI: w.uri, Process: self, Created: time.Now()})
	if err != nil {
		return nil, fmt.Errorf("recording lab %s: %w", lab, err)
	}
	sockets := w.home.Sockets(lab)
	if err := record.Record(ledger.Resource{Kind: ledger.Directory, ID: sockets}); err != nil {
		return record, err
	}
	w.onClose(func(context.Context) error { return os.RemoveAll(sockets) })
	return record, holder.MakeSockets(sockets)
}

// prepare makes everything that virsh does not: files, a fresh overlay, and
// sockets that are listened on. It is not timed.
func (b *bare) prepare(ctx context.Context) error {
	if err := os.Mkdir(b.directory, 0o711); err != nil {
		return err
	}
	for name, content := range b.original.media {
		if err := os.WriteFile(filepath.Join(b.directory, name), content, 0o600); err != nil {
			return err
		}
	}
	files := b.original.spec.Files
	if files.Disk != "" {
		size := max(files.DiskVirtual, int64(b.original.spec.Hardware.DiskGiB)<<30)
		if err := b.w.runProgram(ctx, "qemu-img", "create", "-q", "-f", "qcow2", "-F", files.DiskFormat, "-b", files.Disk,
			filepath.Join(b.directory, "disk.qcow2"), fmt.Sprint(size)); err != nil {
			return err
		}
	}
	b.listeners = map[string]net.Listener{}
	for _, suffix := range []string{"con", "fw", "net"} {
		l, err := network.Listen(filepath.Join(b.sockets, b.original.spec.Name+"."+suffix), b.owner())
		if err != nil {
			return err
		}
		b.listeners[suffix] = l
	}
	return b.record.Record(ledger.Resource{Kind: ledger.Domain, ID: b.name})
}

func (b *bare) owner() *network.Owner {
	if b.w.host.UID < 0 {
		return nil
	}
	return &network.Owner{UID: b.w.host.UID, GID: b.w.host.GID}
}

// serve gives the one connection of a socket to its reader.
func (b *bare) serve(suffix string, read func(net.Conn)) {
	l := b.listeners[suffix]
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return // the machine was taken back before QEMU came
		}
		defer conn.Close()
		read(conn)
	}()
}

// create is the bare command.
func (b *bare) create(ctx context.Context) error {
	_, err := b.w.virsh(ctx, "create", b.path)
	return err
}

// takeBack destroys the domain and removes its files, also after Ctrl-C.
func (b *bare) takeBack(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), eventLimit)
	defer cancel()
	for _, l := range b.listeners {
		l.Close()
	}
	found, err := b.w.libvirt.Lookup(ctx, b.name)
	if err == nil {
		err = found.Destroy(ctx)
	}
	if errors.Is(err, hypervisor.ErrNotFound) {
		err = nil
	}
	if err == nil {
		err = b.record.Release(ledger.Resource{Kind: ledger.Domain, ID: b.name})
	}
	return errors.Join(err, os.RemoveAll(b.directory))
}

// drain reads what the guest sends and keeps nothing of it.
func drain(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }

//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"time"

	"distrolab/labs/probe"

	"golang.org/x/sys/unix"
)

// clapper sends marks over every way out of the machine.
type clapper struct {
	serial *os.File       // of the port itself: no console layer between
	ports  *os.File       // /dev/port: a byte written at an offset is an OUT to that port
	cable  net.PacketConn // not connected: the gateway's refusals are no errors then
	to     net.Addr
	log    *os.File // /dev/kmsg
}

// clockEvery is how many marks pass between two comparisons of the clocks.
const clockEvery = 50

// clapAll sends so many marks.
func clapAll(network probe.Network, count int) error {
	c, err := newClapper(network)
	if err != nil {
		return fmt.Errorf("clapping: %w", err)
	}
	defer c.close()
	quietKernel()
	fmt.Println(probe.LineClapsSoon)
	drainConsole()
	time.Sleep(probe.ClapPause)
	for n := 1; n <= count; n++ {
		if n%clockEvery == 1 {
			if err := c.clocks(); err != nil {
				return fmt.Errorf("comparing clocks before mark %d: %w", n, err)
			}
		}
		if err := c.clap(n); err != nil {
			return fmt.Errorf("sending mark %d: %w", n, err)
		}
		time.Sleep(probe.ClapEvery)
	}
	fmt.Println(probe.LineClapsDone)
	return nil
}

func newClapper(network probe.Network) (*clapper, error) {
	router, err := gateway(network)
	if err != nil {
		return nil, err
	}
	c := &clapper{to: &net.UDPAddr{IP: net.ParseIP(router), Port: probe.ClapUDPPort}}
	if c.cable, err = net.ListenPacket("udp4", ":0"); err != nil {
		return nil, err
	}
	for _, f := range []struct {
		file **os.File
		path string
		flag int
	}{
		{&c.serial, "/dev/ttyS0", os.O_WRONLY | unix.O_NOCTTY},
		{&c.ports, "/dev/port", os.O_WRONLY},
		{&c.log, "/dev/kmsg", os.O_RDWR | unix.O_NONBLOCK},
	} {
		if *f.file, err = os.OpenFile(f.path, f.flag, 0); err != nil {
			c.close()
			return nil, err
		}
	}
	_, err = c.log.Seek(0, io.SeekEnd)
	return c, err
}

func (c *clapper) close() {
	c.cable.Close()
	for _, f := range []*os.File{c.serial, c.ports, c.log} {
		if f != nil {
			f.Close()
		}
	}
}

// clap sends one mark over each way, with the clock read anew before each. The
// serial port has sent its last byte before the next way is used.
func (c *clapper) clap(n int) error {
	_, err1 := fmt.Fprintln(c.serial, mark(n))
	err2 := drain(c.serial)
	// The driver of /dev/port counts the offset up: one byte a write stays on the port.
	var err3 error
	for _, b := range []byte(mark(n).String() + "\n") {
		if _, err := c.ports.WriteAt([]byte{b}, probe.ClapIOPort); err != nil {
			err3 = err
		}
	}
	_, err4 := c.cable.WriteTo([]byte(mark(n).String()), c.to)
	return errors.Join(err1, err2, err3, err4)
}

func mark(n int) probe.Mark { return probe.Mark{Number: n, Clock: monotonic()} }

func monotonic() time.Duration {
	var ts unix.Timespec
	if unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts) != nil {
		return 0 // Linux always has it
	}
	return time.Duration(ts.Nano())
}

// clocks writes a message into the kernel's log, reads it back with the stamp
// that the kernel gave it, and prints the stamp between two readings of our clock.
func (c *clapper) clocks() error {
	p := probe.ClockPair{Before: monotonic()}
	if _, err := c.log.WriteString("<7>distrolab-clocks\n"); err != nil {
		return err
	}
	p.After = monotonic()
	record := make([]byte, 8<<10)
	for {
		n, err := c.log.Read(record)
		if err != nil {
			return fmt.Errorf("reading the kernel's log: %w", err)
		}
		if !bytes.Contains(record[:n], []byte("distrolab-clocks")) {
			continue // somebody else's message
		}
		fields := bytes.SplitN(record[:n], []byte(","), 4) // priority, sequence, microseconds, flags;text
		if len(fields) < 4 {
			return fmt.Errorf("the kernel's log has %q", record[:n])
		}
		micros, err := strconv.ParseInt(string(fields[2]), 10, 64)
		if err != nil {
			return err
		}
		p.Printk = time.Duration(micros) * time.Microsecond
		_, err = fmt.Fprintln(c.serial, p)
		return err
	}
}

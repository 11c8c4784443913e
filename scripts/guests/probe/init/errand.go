//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"distrolab/labs/probe"
)

// errands are what the kernel command line asks for besides the report.
type errands struct {
	claps int           // marks to send
	sleep time.Duration // before the last line
	time  bool          // wait for the time server
}

// readErrands finds the errands among the words of the command line. A word
// that makes no sense is none.
func readErrands(commandLine string) errands {
	var e errands
	for _, word := range words(commandLine) {
		if word == probe.WordTime {
			e.time = true
		}
		if number, ok := strings.CutPrefix(word, probe.WordClap); ok {
			if n, err := strconv.Atoi(number); err == nil && n > 0 && n <= probe.MaxClaps {
				e.claps = n
			}
		}
		if length, ok := strings.CutPrefix(word, probe.WordSleep); ok {
			if d, err := time.ParseDuration(length); err == nil && d > 0 && d <= time.Minute {
				e.sleep = d
			}
		}
	}
	return e
}

// beforeReport does what comes before the report.
func (e errands) beforeReport(network probe.Network) {
	var err error
	if e.time {
		fmt.Println(probe.LineAsksTime)
		if err = askTime(network, time.Minute); err == nil {
			fmt.Println(probe.LineKnowsTime)
		}
	}
	if e.claps > 0 {
		err = errors.Join(err, clapAll(network, e.claps))
	}
	if err != nil {
		fmt.Printf("distrolab-probe: errand: %v\n", err)
	}
}

// beforeEnd does what comes between the report and the last line.
func (e errands) beforeEnd() {
	if e.sleep > 0 {
		fmt.Println(probe.LineSleeps)
		drainConsole()
		time.Sleep(e.sleep)
	}
}

// gateway gives the first interface with a lease its address and returns the
// router that the lease names.
func gateway(network probe.Network) (string, error) {
	for _, i := range network.Interfaces {
		if i.Lease == nil || len(i.Lease.Routers) == 0 {
			continue
		}
		return i.Lease.Routers[0], configure(i.Name, *i.Lease)
	}
	return "", errors.New("no interface has a lease with a router")
}

// askTime asks the router's time server (RFC 4330) until it answers, as systems
// do that start nothing before they know the time. The answer is not used.
func askTime(network probe.Network, limit time.Duration) error {
	router, err := gateway(network)
	if err != nil {
		return fmt.Errorf("asking for the time: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "udp4", net.JoinHostPort(router, "123"))
	if err != nil {
		return fmt.Errorf("asking for the time: %w", err)
	}
	defer conn.Close()
	const versionAndClient = 4<<3 | 3
	question := append([]byte{versionAndClient}, make([]byte, 47)...)
	answer := make([]byte, 128)
	for ctx.Err() == nil {
		if _, err := conn.Write(question); err != nil {
			return fmt.Errorf("asking for the time: %w", err)
		}
		_ = conn.SetReadDeadline(time.Now().Add(probe.AskEvery)) // a UDP socket always can
		if n, err := conn.Read(answer); err == nil && n >= len(question) {
			return nil
		}
	}
	return errors.New("asking for the time: no answer")
}

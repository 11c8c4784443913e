//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"distrolab/labs/probe"
)

// Limits of what one report carries of the network.
const (
	maxFetches   = 32
	fetchTimeout = 10 * time.Second // of all
	scheme       = "http://"
)

// wanted lists the addresses that a guest of this SMBIOS serial number and
// kernel command line would ask: below a seed of cloud-init's NoCloud (ds=…;s=)
// its four files, else the address itself.
func wanted(serial, commandLine string) []string {
	var urls []string
	for _, word := range append([]string{serial}, words(commandLine)...) {
		if seed, ok := nocloudSeed(word); ok {
			for _, name := range []string{"user-data", "meta-data", "vendor-data", "network-config"} {
				urls = append(urls, seed+name)
			}
			continue
		}
		if at := strings.Index(word, scheme); at >= 0 && word != serial {
			url, _, _ := strings.Cut(word[at:], "]") // rancher.cloud_init.datasources=[url:http://…]
			urls = append(urls, strings.Trim(url, `"`))
		}
	}
	return urls[:min(len(urls), maxFetches)]
}

// nocloudSeed reads ds=nocloud;s=URL;… and ds=nocloud-net;….
func nocloudSeed(word string) (string, bool) {
	if !strings.HasPrefix(word, "ds=nocloud") {
		return "", false
	}
	for field := range strings.SplitSeq(word, ";") {
		if url, ok := strings.CutPrefix(field, "s="); ok && strings.HasPrefix(url, scheme) {
			return url, true
		}
	}
	return "", false
}

// words splits a command line at spaces that no double quotes protect.
func words(line string) []string {
	quoted := false
	return strings.FieldsFunc(line, func(r rune) bool {
		if r == '"' {
			quoted = !quoted
		}
		return r == ' ' && !quoted
	})
}

// fetchAll gets the addresses by the first interface that has a lease.
func fetchAll(urls []string, network probe.Network) []probe.Fetch {
	if len(urls) == 0 {
		return nil
	}
	err := errors.New("no interface has a lease")
	for _, i := range network.Interfaces {
		if i.Lease != nil {
			err = configure(i.Name, *i.Lease)
			break
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), fetchTimeout)
	defer cancel()
	var all []probe.Fetch
	for _, url := range urls {
		if err != nil {
			all = append(all, probe.Fetch{URL: url, Error: err.Error()})
			continue
		}
		all = append(all, fetch(ctx, url))
	}
	return all
}

func fetch(ctx context.Context, url string) probe.Fetch {
	got := probe.Fetch{URL: url}
	fail := func(err error) probe.Fetch {
		got.Error = err.Error()
		return got
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return fail(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return fail(err)
	}
	defer answer.Body.Close()
	got.Status = answer.StatusCode
	if got.Data, err = io.ReadAll(io.LimitReader(answer.Body, maxFileData+1)); err != nil {
		return fail(err)
	}
	if len(got.Data) > maxFileData {
		got.Data = got.Data[:maxFileData]
		return fail(fmt.Errorf("more than %d bytes: the rest is not shown", maxFileData))
	}
	return got
}

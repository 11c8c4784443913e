//go:build linux

package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"distrolab/labs/probe"
)

func TestWantedReadsEveryWayOfTellingAnAddress(t *testing.T) {
	const u = "http://192.168.127.1/m/"
	seed := []string{u + "user-data", u + "meta-data", u + "vendor-data", u + "network-config"}
	for name, c := range map[string]struct {
		serial, line string
		want         []string
	}{
		"nothing":       {"abc", "quiet console=ttyS0", nil},
		"SMBIOS":        {"ds=nocloud;s=" + u, "quiet", seed},
		"SMBIOS, Talos": {"ds=nocloud-net;s=" + u + ";h=m", "", seed},
		"SMBIOS, plain": {u, "", nil},
		"no address":    {"ds=nocloud;h=m", "", nil},
		"kernel":        {"", "talos.config=" + u + "config.yaml quiet", []string{u + "config.yaml"}},
		"kernel, seed":  {"", "a ds=nocloud;s=" + u, seed},
		"quoted":        {"", `config_url="` + u + `a b"`, []string{u + "a b"}},
		"RancherOS":     {"", "rancher.cloud_init.datasources=[url:" + u + "config.yml]", []string{u + "config.yml"}},
		"several":       {"ds=nocloud;s=" + u, "a=" + u + "x b=" + u + "y", append(append([]string{}, seed...), u+"x", u+"y")},
	} {
		t.Run(name, func(t *testing.T) {
			got := wanted(c.serial, c.line)
			if diff := cmp.Diff(c.want, got); diff != "" && len(got)+len(c.want) > 0 {
				t.Error(diff)
			}
		})
	}
	if got := wanted("", strings.Repeat("a="+u+" ", 100)); len(got) != maxFetches {
		t.Errorf("%d addresses", len(got))
	}
}

func TestFetchSaysStatusAndBound(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/small":
			_, _ = w.Write([]byte("a\x00b"))
		case "/large":
			_, _ = w.Write(make([]byte, maxFileData+1))
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	defer server.Close()
	small := fetch(t.Context(), server.URL+"/small")
	if diff := cmp.Diff(probe.Fetch{URL: server.URL + "/small", Status: 200, Data: []byte("a\x00b")}, small); diff != "" {
		t.Error(diff)
	}
	if large := fetch(t.Context(), server.URL+"/large"); len(large.Data) != maxFileData || large.Error == "" {
		t.Errorf("%d bytes, error %q", len(large.Data), large.Error)
	}
	if absent := fetch(t.Context(), server.URL+"/absent"); absent.Status != 404 || len(absent.Data) > 0 {
		t.Errorf("%+v", absent)
	}
	if unleased := fetchAll([]string{server.URL}, probe.Network{}); len(unleased) != 1 || unleased[0].Error == "" {
		t.Errorf("%+v", unleased)
	}
}

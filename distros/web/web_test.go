package web

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func serve(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

func TestGetIsBounded(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("12345")) }).URL //nolint:errcheck // the client may be gone
	c := New(http.DefaultClient, true)
	if got, err := c.Get(context.Background(), url, 5); err != nil || string(got) != "12345" {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := c.Get(context.Background(), url, 4); err == nil || !strings.Contains(err.Error(), "longer than 4 bytes") {
		t.Errorf("error is %v", err)
	}
}

func TestRedirectNeverLeavesHTTPS(t *testing.T) {
	plain := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the plain server was asked") })
	secure := httptest.NewTLSServer(http.RedirectHandler(plain.URL, http.StatusFound))
	t.Cleanup(secure.Close)
	_, err := New(secure.Client(), false).Get(context.Background(), secure.URL, 10)
	var astray *AddressError
	if !errors.As(err, &astray) || !strings.Contains(err.Error(), "is not https") {
		t.Errorf("error is %v", err)
	}
}

func TestRedirectsEnd(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path+"x", http.StatusFound) }).URL
	_, err := New(http.DefaultClient, true).Get(context.Background(), url+"/", 10)
	var astray *AddressError
	if !errors.As(err, &astray) || !strings.Contains(err.Error(), "more than 5 times") {
		t.Errorf("error is %v", err)
	}
}

func TestAWebPageIsNoDocument(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("\n<!DOCTYPE HTML>\n<html>")) }).URL //nolint:errcheck // the client may be gone
	c := New(http.DefaultClient, true)
	var away *UnreachableError
	if _, err := c.Get(context.Background(), url, 100); !errors.As(err, &away) || !strings.Contains(err.Error(), "sign in with a browser") {
		t.Errorf("error is %v", err)
	}
	if page, err := c.Page(context.Background(), url, 100); err != nil || len(page) == 0 {
		t.Errorf("a page that was asked for: %q, %v", page, err)
	}
}

func TestDocumentsAreBoundedInTime(t *testing.T) {
	url := serve(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }).URL
	c := New(http.DefaultClient, true).Patient(20 * time.Millisecond)
	var away *UnreachableError
	if _, err := c.Get(context.Background(), url, 100); !errors.As(err, &away) || !strings.Contains(err.Error(), "no answer in time") {
		t.Errorf("error is %v", err)
	}
	if _, err := c.Size(context.Background(), url); !errors.As(err, &away) {
		t.Errorf("error is %v", err)
	}
}

func TestSize(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			w.Header().Set("Content-Length", "12345")
		}
	}).URL
	if n, err := New(http.DefaultClient, true).Size(context.Background(), url); n != 12345 || err != nil {
		t.Errorf("size is %d, %v", n, err)
	}
}

func TestTheCallersClientKeepsItsRedirects(t *testing.T) {
	own := &http.Client{}
	New(own, false)
	if own.CheckRedirect != nil {
		t.Error("New changed the client it was given")
	}
}

func TestUntrustedCertificateIsUnreachable(t *testing.T) {
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(secure.Close)
	secure.Config.ErrorLog = nil
	var away *UnreachableError
	_, err := New(http.DefaultClient, false).Get(context.Background(), secure.URL, 10)
	if !errors.As(err, &away) || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("error is %v", err)
	}
}

func TestCancellingIsNotUnreachable(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	url := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	}).URL
	_, err := New(http.DefaultClient, true).Get(ctx, url, 10)
	var away *UnreachableError
	if !errors.Is(err, context.Canceled) || errors.As(err, &away) {
		t.Errorf("error is %v, want only Canceled", err)
	}
}

func TestStatusErrorsSayWhatToDo(t *testing.T) {
	for code, want := range map[int]string{
		http.StatusNotFound:        "may not exist there",
		http.StatusTooManyRequests: "try again later",
		http.StatusBadGateway:      "try again later",
		http.StatusPaymentRequired: "402 Payment Required",
	} {
		url := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }).URL
		_, err := New(http.DefaultClient, true).Get(context.Background(), url, 10)
		var status *StatusError
		if !errors.As(err, &status) || status.Code != code || !strings.Contains(err.Error(), want) {
			t.Errorf("%d: error is %v, want it to say %q", code, err, want)
		}
	}
}

func TestAddressesThatAreNeverAsked(t *testing.T) {
	for _, address := range []string{"file:///etc/passwd", "ftp://a/b", "https://", "/etc/passwd", "https://u:secret@h/", "http://h/"} {
		_, err := New(http.DefaultClient, false).Get(context.Background(), address, 10)
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: error is %v", address, err)
		}
	}
}

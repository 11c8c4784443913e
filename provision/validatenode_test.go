package provision_test

import (
	"errors"
	"strings"
	"testing"

	"distrolab/provision"
	"distrolab/provision/internal/intenttest"
)

// TestSourcesAndNodesAreValidated changes one thing of a valid intent at a
// time; the one problem is found at its place.
func TestSourcesAndNodesAreValidated(t *testing.T) {
	source := func(url string) func(*provision.Intent) {
		return func(i *provision.Intent) { i.Files[4].Source = url }
	}
	pods := func(cidr string) func(*provision.Intent) {
		return func(i *provision.Intent) { i.Join.Pods = cidr }
	}
	for name, c := range map[string]struct {
		change func(*provision.Intent)
		at     string
	}{
		"source and content":       {func(i *provision.Intent) { i.Files[4].Content = "a" }, "files[4].source"},
		"sum without a source":     {func(i *provision.Intent) { i.Files[0].SHA256 = intenttest.Sum }, "files[0].sha256"},
		"source without a sum":     {func(i *provision.Intent) { i.Files[4].SHA256 = "" }, "files[4].sha256"},
		"sum in capitals":          {func(i *provision.Intent) { i.Files[4].SHA256 = strings.ToUpper(intenttest.Sum) }, "files[4].sha256"},
		"sum of another kind":      {func(i *provision.Intent) { i.Files[4].SHA256 = intenttest.Sum + intenttest.Sum }, "files[4].sha256"},
		"source by ftp":            {source("ftp://a/b"), "files[4].source"},
		"source on this machine":   {source("file:///etc/shadow"), "files[4].source"},
		"source with a password":   {source("http://u:hunter2@a/b"), "files[4].source"},
		"source with a query":      {source("http://a/b?c"), "files[4].source"},
		"source without a path":    {source("http://a"), "files[4].source"},
		"source with a quote":      {source("http://a/'b"), "files[4].source"},
		"source with a command":    {source("http://a/$(reboot)"), "files[4].source"},
		"source with a space":      {source("http://a/b c"), "files[4].source"},
		"source with a newline":    {source("http://a/b\nc"), "files[4].source"},
		"source without a host":    {source("http://:80/b"), "files[4].source"},
		"source of great length":   {source("http://a/" + strings.Repeat("b", 1024)), "files[4].source"},
		"the bundle's own place":   {func(i *provision.Intent) { i.Files[4].Path = provision.BundlePath }, "files[4].path"},
		"the script's own place":   {func(i *provision.Intent) { i.Files[4].Path = provision.FetchPath }, "files[4].path"},
		"bundle without a sum":     {func(i *provision.Intent) { i.Join.Bundle.SHA256 = "" }, "join.bundle.sha256"},
		"bundle from nowhere":      {func(i *provision.Intent) { i.Join.Bundle.URL = "" }, "join.bundle.url"},
		"pods that are an address": {pods("10.244.1.0"), "join.pods"},
		"pods with a host":         {pods("10.244.1.7/24"), "join.pods"},
		"pods of one address":      {pods("10.244.1.0/32"), "join.pods"},
		"pods of all addresses":    {pods("0.0.0.0/0"), "join.pods"},
		"pods where we are":        {pods("192.168.50.0/24"), "join.pods"},
		"node and join":            {func(i *provision.Intent) { i.Node = &provision.Node{} }, "node"},
		"node with bad pods":       {func(i *provision.Intent) { i.Join, i.Node = nil, &provision.Node{Pods: "a"} }, "node.pods"},
		"node with a bad bundle": {func(i *provision.Intent) {
			i.Join, i.Node = nil, &provision.Node{Bundle: &provision.NodeBundle{URL: "http://a/b"}}
		}, "node.bundle.sha256"},
	} {
		intent := intenttest.Full()
		c.change(&intent)
		err := intent.Validate()
		var invalid *provision.InvalidIntentError
		if !errors.As(err, &invalid) || len(invalid.Problems) != 1 || invalid.Problems[0].Path != c.at {
			t.Errorf("%s: want one problem at %s, got: %v", name, c.at, err)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the error tells a password: %v", name, err)
		}
	}
}

// TestHiddenTextsAreSecrets: they are redacted like the token of a join, and
// reach no JSON.
func TestHiddenTextsAreSecrets(t *testing.T) {
	intent := intenttest.Minimal()
	intent.Files = []provision.File{{Path: "/a", Content: "key: hunter2\n"}}
	intent.Hidden = []provision.Secret{"hunter2"}
	if got := intent.Redacted().Files[0].Content; got != "key: (secret)\n" {
		t.Errorf("redacted: %q", got)
	}
	if _, err := provision.ParseIntent("a", []byte("hostname: a\nhidden: [b]\n")); err == nil {
		t.Error("an intent file may name hidden texts")
	}
}

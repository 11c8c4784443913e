package clustertest

import (
	"testing"
)

func TestControlPlaneStartsAndComesBack(t *testing.T) {
	c, err := Start(t.Context(), Programs(t), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Stop()
	if err := c.Kill("kube-apiserver"); err != nil {
		t.Fatal(err)
	}
	if err := c.StartAPI(t.Context()); err != nil {
		t.Fatal(err)
	}
}

package distros

import "testing"

func TestEmbeddedCatalogIsValid(t *testing.T) {
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range c.All() {
		t.Log(d.Name, d.Kind, len(d.Facts))
	}
}

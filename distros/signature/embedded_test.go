package signature

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

func TestEveryEmbeddedKeyIsThePinnedOne(t *testing.T) {
	names := []string{}
	for _, v := range vendorKeys() {
		t.Run(v.name, func(t *testing.T) {
			k, err := Embedded(v.name)
			if err != nil {
				t.Fatal(err)
			}
			if len(k.Fingerprints()) != len(v.primary) {
				t.Errorf("%d keys, want %d", len(k.Fingerprints()), len(v.primary))
			}
			if v.source == "" || v.checked == "" || v.vendor == "" {
				t.Error("the table does not say where the key is from")
			}
			if _, err := time.Parse(time.DateOnly, v.day); err != nil {
				t.Error(err)
			}
		})
		names = append(names, v.name+".asc")
	}
	files, err := fs.ReadDir(keyFiles, "keys")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !slices.Contains(names, f.Name()) {
			t.Errorf("keys/%s is in no table", f.Name())
		}
	}
}

// Without a usable signing key, an embedded file would only look like trust.
func TestEmbeddedKeysCouldSignWhenTheyWereTakenIn(t *testing.T) {
	for _, v := range vendorKeys() {
		day, err := time.Parse(time.DateOnly, v.day)
		if err != nil {
			t.Fatal(err)
		}
		k, err := Embedded(v.name)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range k.entities {
			if _, ok := e.SigningKey(day); !ok {
				t.Errorf("%s: %X has no key that may sign on %s", v.name, e.PrimaryKey.Fingerprint, v.day)
			}
		}
	}
}

// Flatcar's releases are signed by subkeys that expire; the old one must stay
// good for what it signed.
func TestFlatcarKeepsTheSubkeyOfOlderReleases(t *testing.T) {
	k, err := Embedded("flatcar")
	if err != nil {
		t.Fatal(err)
	}
	var subkeys []string
	for _, s := range k.entities[0].Subkeys {
		subkeys = append(subkeys, fingerprint(s.PublicKey.Fingerprint))
	}
	for _, want := range []string{"E9426D8B67E35DF476BD048185F7C8868837E271", "52F145DFD00BBDCD928CBB5A32DA80F91EF52974"} {
		if !slices.Contains(subkeys, want) {
			t.Errorf("no subkey %s in %v", want, subkeys)
		}
	}
}

func TestAKeyNobodyCarriesSaysHowToAddIt(t *testing.T) {
	_, err := Embedded("alpine")
	var refusal *Error
	if !errors.As(err, &refusal) || refusal.Reason != NoKey || !strings.Contains(err.Error(), "$XDG_CONFIG_HOME/distrolab/keys/alpine.asc") {
		t.Errorf("%v", err)
	}
}

func TestThePersonsKeyGoesBeforeTheEmbeddedOne(t *testing.T) {
	mine := newKey(t, "mine")
	dir := fstest.MapFS{"flatcar.asc": {Data: []byte(mine.public)}}
	k, err := Find(dir, "flatcar")
	if err != nil {
		t.Fatal(err)
	}
	if got := k.Fingerprints(); !slices.Equal(got, []string{mine.fingerprint()}) {
		t.Errorf("got %v, want the person's", got)
	}
	k, err = Find(dir, "fedora")
	if err != nil || len(k.Fingerprints()) != 4 {
		t.Errorf("the embedded key was not used where there is no other: %v, %v", k, err)
	}
	if _, err := Find(nil, "fedora"); err != nil {
		t.Error(err)
	}
}

// A broken file of the person must not be passed over in silence: the person
// believes that it is used.
func TestABrokenKeyOfThePersonIsAnError(t *testing.T) {
	dir := fstest.MapFS{"flatcar.asc": {Data: []byte("what is this")}}
	if _, err := Find(dir, "flatcar"); err == nil {
		t.Error("a broken key file was passed over")
	}
}

func TestKeyNamesStayInTheDirectory(t *testing.T) {
	dir := fstest.MapFS{"keys/a.asc": {Data: []byte("x")}}
	for _, name := range []string{"../a", "keys/a", `keys\a`, "", "/a"} {
		_, err := FromDir(dir, name)
		var refusal *Error
		if !errors.As(err, &refusal) || refusal.Reason != NoKey {
			t.Errorf("%q: %v", name, err)
		}
	}
}

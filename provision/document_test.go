package provision_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"distrolab/provision"
	"distrolab/provision/internal/intenttest"
)

// A lab keeps its configs as JSON; a document comes back byte by byte, also one
// that is no text.
func TestDocumentsSurviveJSON(t *testing.T) {
	check := func(t rapid.TB, want provision.Document) {
		text, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got provision.Document
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("(-want +got):\n%s\nas %s", diff, text)
		}
	}
	for _, content := range append(intenttest.Hostile(), "", "\xff", "text\x00\x80\xfe#BOOTCONFIG\n") {
		check(t, provision.Document{Name: "a/b", Content: content})
	}
	rapid.Check(t, func(t *rapid.T) {
		check(t, provision.Document{Name: "n", Content: string(rapid.SliceOf(rapid.Byte()).Draw(t, "content"))})
	})
}

func TestTextDocumentsStayReadableInJSON(t *testing.T) {
	text, err := json.Marshal(provision.Document{Name: "user-data", Content: "#cloud-config\n"})
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"name":"user-data","content":"#cloud-config\n"}`; string(text) != want {
		t.Errorf("got %s, want %s", text, want)
	}
}

func TestRedactedIntentHidesTheTokenWhereverItStands(t *testing.T) {
	intent := intenttest.Full()
	token := intent.Join.Token.Reveal()
	intent.Files[0].Content = "joined with " + token
	intent.Units[0].Content += "# " + token
	text, err := json.Marshal(intent.Redacted())
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), token) {
		t.Errorf("the token is in %s", text)
	}
	if !strings.Contains(intent.Files[0].Content, token) {
		t.Error("the intent itself was changed")
	}
}

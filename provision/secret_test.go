package provision_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"distrolab/provision"
	"distrolab/provision/internal/intenttest"
)

const token = "abcdef.0123456789abcdef"

// TestSecretIsNeverPrinted tries the ways by which a value gets into a text.
func TestSecretIsNeverPrinted(t *testing.T) {
	intent := intenttest.Full()
	asJSON, err := json.Marshal(intent)
	if err != nil {
		t.Fatal(err)
	}
	for how, text := range map[string]string{
		"json": string(asJSON), "String": intent.Join.Token.String(),
		"%v": fmt.Sprintf("%v", *intent.Join), "%+v": fmt.Sprintf("%+v", *intent.Join), "%#v": fmt.Sprintf("%#v", intent.Join.Token),
		"%s": fmt.Sprintf("%s", intent.Join.Token), "%q": fmt.Sprintf("%q", intent.Join.Token), "%x": fmt.Sprintf("%x", intent.Join.Token),
		"%d": fmt.Sprintf("%d", intent.Join.Token),
	} {
		if strings.Contains(text, token) || strings.Contains(text, "616263646566") {
			t.Errorf("%s shows the token: %s", how, text)
		}
	}
	if intent.Join.Token.Reveal() != token {
		t.Error("Reveal does not give the token")
	}
}

// TestErrorsHideTokens: whatever is wrong in an intent file, its token is not
// in the message, though the line with it may be the one that is shown.
func TestErrorsHideTokens(t *testing.T) {
	for name, text := range map[string]string{
		"flow":        "hostname: n1\njoin: {endpoint: x, token: " + token + ", oops: 1}\n",
		"block":       "hostname: n1\njoin:\n  token: " + token + "\n  token: again\n",
		"not a token": "hostname: n1\njoin:\n  token: my-password-9\n  endpoint: a:1\n",
		"quoted":      "hostname: n1\njoin: {\"token\": \"my-password-9\", x: 1}\n",
		"number":      "hostname: n1\njoin: {token: [my-password-9]}\n",
		"broken":      "hostname: n1\njoin: {token: " + token + "\n",
		"tab":         "hostname: n1\njoin:\n\ttoken: " + token + "\n",
		"as a key":    "hostname: n1\n" + token + ": 1\n",
	} {
		_, err := provision.ParseIntent("n.yaml", []byte(text))
		if err == nil {
			t.Errorf("%s: no error", name)
			continue
		}
		if strings.Contains(err.Error(), token) || strings.Contains(err.Error(), "my-password-9") {
			t.Errorf("%s: the error shows the token:\n%v", name, err)
		}
	}
}

func TestRedactHidesTheLongestFirst(t *testing.T) {
	got := provision.Redact("key=abcdef; part=abc; none", []string{"abc", "abcdef", ""})
	if want := "key=(secret); part=(secret); none"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	cfg := provision.Config{Documents: []provision.Document{{Name: "a", Content: "t " + token}}, Secrets: []string{token}}
	if shown := cfg.Redacted(); shown.Documents[0].Content != "t (secret)" || cfg.Documents[0].Content != "t "+token {
		t.Errorf("shown %q, kept %q", shown.Documents[0].Content, cfg.Documents[0].Content)
	}
}

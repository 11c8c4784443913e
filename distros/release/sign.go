package release

import (
	"context"
	"errors"
	"fmt"

	"distrolab/distros/image"
	"distrolab/distros/signature"
	"distrolab/distros/web"
)

// opened asks for a clear-signed document and returns what was signed in it.
// Every error names the document.
func (a asked) opened(ctx context.Context, client *web.Client, address, key, version string, limit int64) ([]byte, signature.Keyring, error) {
	keys, err := a.keys(key)
	if err != nil {
		return nil, keys, err
	}
	doc, err := client.Get(ctx, address, limit)
	if err != nil {
		return nil, keys, unsigned(err, a, version, address)
	}
	text, err := keys.OpenClearsigned(doc)
	if err != nil {
		return nil, keys, fmt.Errorf("checking %s: %w", address, err)
	}
	return text, keys, nil
}

// checked asks for the detached signature of a document and verifies it.
func (a asked) checked(ctx context.Context, client *web.Client, document []byte, address, key, version string) (signature.Keyring, error) {
	keys, err := a.keys(key)
	if err != nil {
		return keys, err
	}
	sig, err := client.Get(ctx, address, maxSignatureBytes)
	if err != nil {
		return keys, unsigned(err, a, version, address)
	}
	if err := keys.VerifyDetached(document, sig); err != nil {
		return keys, fmt.Errorf("checking %s: %w", address, err)
	}
	return keys, nil
}

// detached asks for the signature of an image, which is checked while the
// image is fetched. What can be refused without the image is refused here.
func (a asked) detached(ctx context.Context, client *web.Client, address, key, version string) (*image.Signature, error) {
	keys, err := a.keys(key)
	if err != nil {
		return nil, err
	}
	sig, err := client.Get(ctx, address, maxSignatureBytes)
	if err != nil {
		return nil, unsigned(err, a, version, address)
	}
	if _, err := keys.Detached(sig); err != nil {
		return nil, fmt.Errorf("checking %s: %w", address, err)
	}
	return &image.Signature{Bytes: sig, Keys: keys}, nil
}

// keyless says why a signature cannot be checked when distrolab carries no key
// of that name; empty for every other error. Nobody outside can bring that
// about, so the image is then taken by its digest, and the verdict says so.
func keyless(err error) string {
	var refusal *signature.Error
	if !errors.As(err, &refusal) || refusal.Reason != signature.NoKey {
		return ""
	}
	return "its signature is not checked: " + refusal.Error()
}

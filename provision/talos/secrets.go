package talos

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/siderolabs/talos/pkg/machinery/config"
	"github.com/siderolabs/talos/pkg/machinery/config/generate/secrets"
	"github.com/siderolabs/talos/pkg/machinery/role"
	"go.yaml.in/yaml/v3"

	"distrolab/provision"
	"distrolab/provision/internal/yamldoc"
)

// maxSecrets bounds secrets.yaml, which has about 6 kB.
const maxSecrets = 64 << 10

// SecretsMissingError says that Talos's own secrets were not given.
type SecretsMissingError struct{}

// Error says where they come from.
func (*SecretsMissingError) Error() string {
	return "Talos needs secrets of its own (a CA of its API, tokens, keys), which no intent holds; make them once with `talosctl gen secrets` or let distrolab make them, keep the file, and give it with every render for the same cluster"
}

// NewSecrets makes the secrets of one cluster in the form of Talos's
// secrets.yaml; its certificates are valid for ten years from now. It is not
// pure: Talos's library takes its randomness from crypto/rand and from nothing
// else.
func NewSecrets(now time.Time) ([]byte, error) {
	bundle, err := secrets.NewBundle(secrets.NewFixedClock(now), config.TalosVersionCurrent)
	if err != nil {
		return nil, fmt.Errorf("making Talos's secrets: %w", err)
	}
	text, err := yaml.Marshal(bundle)
	if err != nil {
		return nil, fmt.Errorf("writing Talos's secrets: %w", err)
	}
	return text, nil
}

// readSecrets reads a secrets.yaml. No error shows any of its text.
func readSecrets(text []byte) (*secrets.Bundle, error) {
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, &SecretsMissingError{}
	}
	if len(text) > maxSecrets {
		return nil, fmt.Errorf("reading Talos's secrets: %d bytes are more than the limit of %d; give the file that `talosctl gen secrets` wrote", len(text), maxSecrets)
	}
	bundle := &secrets.Bundle{}
	if err := yaml.Unmarshal(text, bundle); err != nil {
		return nil, errors.New("reading Talos's secrets: it is not the YAML that `talosctl gen secrets` writes")
	}
	if err := bundle.Validate(); err != nil {
		return nil, errors.New("reading Talos's secrets: a part is missing or damaged; give the file as `talosctl gen secrets` wrote it")
	}
	return bundle, nil
}

// secretTexts lists what of the secrets gets into the documents.
func secretTexts(b *secrets.Bundle, join *provision.Join) []string {
	list := []string{b.TrustdInfo.Token, b.Cluster.Secret}
	if join != nil {
		return append(list, join.Token.Reveal())
	}
	list = append(list, b.Secrets.BootstrapToken)
	for _, optional := range []string{b.Secrets.SecretboxEncryptionSecret, b.Secrets.AESCBCEncryptionSecret} {
		if optional != "" {
			list = append(list, optional)
		}
	}
	for _, key := range [][]byte{b.Certs.OS.Key, b.Certs.K8s.Key, b.Certs.K8sAggregator.Key, b.Certs.K8sServiceAccount.Key, b.Certs.Etcd.Key} {
		list = append(list, base64.StdEncoding.EncodeToString(key))
	}
	return list
}

// TalosConfig is the talosconfig by which a person's talosctl reaches the
// machine at endpoint (a host or an address) as an administrator, for as long
// as lifetime from now. A worker of a cluster that kubeadm made does not
// answer it. Like [NewSecrets] it draws a new key from crypto/rand.
func TalosConfig(secretsYAML []byte, endpoint string, now time.Time, lifetime time.Duration) (string, error) {
	bundle, err := readSecrets(secretsYAML)
	if err != nil {
		return "", err
	}
	bundle.Clock = secrets.NewFixedClock(now)
	client, err := bundle.GenerateTalosAPIClientCertificateWithTTL(role.MakeSet(role.Admin), lifetime)
	if err != nil {
		return "", fmt.Errorf("making the talosconfig: %w", err)
	}
	inBase64 := func(b []byte) yamldoc.Node { return yamldoc.Text(base64.StdEncoding.EncodeToString(b)) }
	hosts := yamldoc.Texts([]string{endpoint})
	return yamldoc.Marshal(yamldoc.Map(
		yamldoc.Pair{Key: "context", Value: yamldoc.Text(ownClusterName)},
		yamldoc.Pair{Key: "contexts", Value: yamldoc.Map(yamldoc.Pair{Key: ownClusterName, Value: yamldoc.Map(
			yamldoc.Pair{Key: "endpoints", Value: hosts},
			yamldoc.Pair{Key: "nodes", Value: hosts},
			yamldoc.Pair{Key: "ca", Value: inBase64(bundle.Certs.OS.Crt)},
			yamldoc.Pair{Key: "crt", Value: inBase64(client.Crt)},
			yamldoc.Pair{Key: "key", Value: inBase64(client.Key)},
		)})},
	))
}

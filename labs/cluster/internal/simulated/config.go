package simulated

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"go.yaml.in/yaml/v3"
)

// FromBottlerocket gives the simulated kubelet that reads, of Bottlerocket's
// user data, what Bottlerocket reads to join: nothing of Bottlerocket runs.
func FromBottlerocket(userData string) (*Kubelet, error) {
	var settings struct {
		Settings struct {
			Network struct {
				Hostname string `toml:"hostname"`
			} `toml:"network"`
			Kubernetes struct {
				Server string `toml:"api-server"`
				Token  string `toml:"bootstrap-token"`
				CA     string `toml:"cluster-certificate"`
			} `toml:"kubernetes"`
		} `toml:"settings"`
	}
	if err := toml.Unmarshal([]byte(userData), &settings); err != nil {
		return nil, fmt.Errorf("reading Bottlerocket's user data: %w", err)
	}
	k := settings.Settings.Kubernetes
	return fromConfig(settings.Settings.Network.Hostname, k.Server, k.Token, k.CA)
}

// FromTalos gives the simulated kubelet that reads, of a Talos worker's machine
// config, what Talos hands its kubelet to join: nothing of Talos runs.
func FromTalos(machineConfig string) (*Kubelet, error) {
	var all struct {
		Hostname string `yaml:"hostname"` // of its HostnameConfig document
		Cluster  struct {
			Token string `yaml:"token"`
			CA    struct {
				Certificate string `yaml:"crt"`
			} `yaml:"ca"`
			ControlPlane struct {
				Endpoint string `yaml:"endpoint"`
			} `yaml:"controlPlane"`
		} `yaml:"cluster"`
	}
	documents := yaml.NewDecoder(strings.NewReader(machineConfig))
	for {
		err := documents.Decode(&all) // what a document does not have stays as it is
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("reading a Talos machine config: %w", err)
		}
	}
	c := all.Cluster
	return fromConfig(all.Hostname, c.ControlPlane.Endpoint, c.Token, c.CA.Certificate)
}

// fromConfig checks that the config had all that a join needs.
func fromConfig(name, server, token, encodedCA string) (*Kubelet, error) {
	ca, err := base64.StdEncoding.DecodeString(encodedCA)
	if err != nil {
		return nil, fmt.Errorf("reading the CA of the config: %w", err)
	}
	if name == "" || server == "" || token == "" || len(ca) == 0 {
		return nil, fmt.Errorf("the config lacks something that a join needs: name %q, server %q, token of %d bytes, CA of %d", name, server, len(token), len(ca))
	}
	return &Kubelet{Name: name, Credentials: Credentials{Server: server, Token: token, CA: string(ca)}}, nil
}

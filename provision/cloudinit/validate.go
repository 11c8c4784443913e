package cloudinit

import (
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"distrolab/provision"
)

// userDataShape is the part of the cloud-config language that Render writes.
// Decoding into it refuses every other key.
type userDataShape struct {
	ManageEtcHosts string `yaml:"manage_etc_hosts"`
	SSHPasswords   *bool  `yaml:"ssh_pwauth"`
	PackageUpdate  *bool  `yaml:"package_update"`
	PackageUpgrade *bool  `yaml:"package_upgrade"`
	WriteFiles     []struct {
		Path        string `yaml:"path"`
		Permissions string `yaml:"permissions"`
		Encoding    string `yaml:"encoding"`
		Content     string `yaml:"content"`
	} `yaml:"write_files"`
	Users []struct {
		Name       string   `yaml:"name"`
		Shell      string   `yaml:"shell"`
		LockPasswd *bool    `yaml:"lock_passwd"`
		Sudo       string   `yaml:"sudo"`
		Keys       []string `yaml:"ssh_authorized_keys"`
	} `yaml:"users"`
	Commands [][]string `yaml:"runcmd"`
}

// metaDataShape is the meta-data of NoCloud.
type metaDataShape struct {
	InstanceID    string `yaml:"instance-id"`
	LocalHostname string `yaml:"local-hostname"`
}

// networkShape is network-config version 2 as Render writes it.
type networkShape struct {
	Version   int `yaml:"version"`
	Ethernets map[string]struct {
		Match struct {
			MAC string `yaml:"macaddress"`
		} `yaml:"match"`
		DHCP4     bool     `yaml:"dhcp4"`
		Addresses []string `yaml:"addresses"`
		Routes    []struct {
			To  string `yaml:"to"`
			Via string `yaml:"via"`
		} `yaml:"routes"`
		Nameservers struct {
			Addresses []string `yaml:"addresses"`
		} `yaml:"nameservers"`
	} `yaml:"ethernets"`
}

// Validate checks the documents by our own reading of cloud-init's schema:
// the files NoCloud needs are there, hold only keys we know with values of
// their type, and open no password login. All problems are returned.
func Validate(cfg provision.Config) error {
	docs := map[string]string{}
	for _, doc := range cfg.Documents {
		docs[doc.Name] = doc.Content
	}
	problems := []error{checkUserData(docs[userData]), checkMetaData(docs[metaData])}
	if text, ok := docs[networkConfig]; ok {
		problems = append(problems, checkNetwork(text))
	}
	for _, doc := range cfg.Documents {
		if doc.Name != userData && doc.Name != metaData && doc.Name != networkConfig {
			problems = append(problems, fmt.Errorf("%s: NoCloud reads no such file", doc.Name))
		}
	}
	if err := errors.Join(problems...); err != nil {
		return fmt.Errorf("validating cloud-init config: %w", err)
	}
	return nil
}

func checkUserData(text string) error {
	if !strings.HasPrefix(text, Header) {
		return fmt.Errorf("%s: the first line must be %s", userData, strings.TrimSpace(Header))
	}
	var shape userDataShape
	if err := strict(text, &shape); err != nil {
		return fmt.Errorf("%s: %w", userData, err)
	}
	var problems []error
	if shape.SSHPasswords == nil || *shape.SSHPasswords {
		problems = append(problems, fmt.Errorf("%s: ssh_pwauth must be false", userData))
	}
	for i, u := range shape.Users {
		if u.Name == "" || u.LockPasswd == nil || !*u.LockPasswd {
			problems = append(problems, fmt.Errorf("%s: users[%d] must have a name and lock_passwd: true", userData, i))
		}
	}
	for i, f := range shape.WriteFiles {
		if !strings.HasPrefix(f.Path, "/") || f.Permissions == "" || f.Encoding != "" && f.Encoding != "b64" {
			problems = append(problems, fmt.Errorf("%s: write_files[%d] must have an absolute path, permissions, and no encoding but b64", userData, i))
		}
	}
	for i, words := range shape.Commands {
		if len(words) == 0 {
			problems = append(problems, fmt.Errorf("%s: runcmd[%d] is empty", userData, i))
		}
	}
	return errors.Join(problems...)
}

func checkMetaData(text string) error {
	var shape metaDataShape
	if err := strict(text, &shape); err != nil {
		return fmt.Errorf("%s: %w", metaData, err)
	}
	if shape.InstanceID == "" || shape.LocalHostname == "" {
		return fmt.Errorf("%s: instance-id and local-hostname must be set", metaData)
	}
	return nil
}

func checkNetwork(text string) error {
	var shape networkShape
	if err := strict(text, &shape); err != nil {
		return fmt.Errorf("%s: %w", networkConfig, err)
	}
	if shape.Version != 2 || len(shape.Ethernets) != 1 {
		return fmt.Errorf("%s: must be version 2 with one interface", networkConfig)
	}
	for name, e := range shape.Ethernets {
		if e.Match.MAC == "" || !e.DHCP4 && len(e.Addresses) == 0 {
			return fmt.Errorf("%s: %s must match a macaddress and have dhcp4 or addresses", networkConfig, name)
		}
	}
	return nil
}

// strict decodes one document and refuses unknown and duplicate keys.
func strict(text string, into any) error {
	dec := yaml.NewDecoder(strings.NewReader(text))
	dec.KnownFields(true)
	return dec.Decode(into)
}

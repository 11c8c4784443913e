package talos

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/klauspost/compress/zstd"
	"github.com/siderolabs/talos/pkg/machinery/constants"

	"distrolab/distros"
	"distrolab/provision"
	"distrolab/provision/internal/yamldoc"
)

// The files that Talos reads: three of NoCloud, one everywhere else, and the
// kernel command line.
const (
	userData      = "user-data"
	metaData      = "meta-data"
	networkConfig = "network-config"
	configName    = "config.yaml"
	commandLine   = "cmdline"
)

// Limits of a config on the kernel command line. Talos's manual speaks of 4096
// bytes, but Linux on amd64 reads 2048 and drops the rest without a word; the
// image has some 200 of its own.
const (
	maxCommandLine = 1800    // bytes
	maxInlineText  = 1 << 20 // bytes of the unpacked config
)

// TooLongError says that the config does not fit on a kernel command line.
type TooLongError struct{ Bytes, Limit int }

// Error says what to do instead.
func (e *TooLongError) Error() string {
	return fmt.Sprintf("the config has %d bytes as a kernel argument, and %d fit on the command line; deliver it by volume or by URL", e.Bytes, e.Limit)
}

// nocloud reports whether the delivery is the one of cloud images: a volume
// cidata, or an address in the SMBIOS serial number.
func nocloud(d distros.Delivery) bool {
	switch d.Kind {
	case distros.DeliverVolume:
		return strings.EqualFold(d.Label, "cidata")
	case distros.DeliverHTTP:
		return d.SMBIOS != ""
	}
	return false
}

// mainDocument is the name of the document that holds the machine config.
func mainDocument(d distros.Delivery) string {
	switch {
	case d.Kind == distros.DeliverKernel:
		return commandLine
	case nocloud(d):
		return userData
	}
	return cmp.Or(d.File, configName)
}

// deliver puts the machine config into the documents that the delivery takes.
func (p *plan) deliver(cfg *provision.Config, text string) error {
	d := p.target.Delivery
	if d.Kind == distros.DeliverKernel {
		word, err := inline(text)
		if err != nil {
			return err
		}
		packed := strings.TrimPrefix(word, constants.KernelParamConfigInline+"=")
		cfg.Sources = []provision.Document{{Name: configName, Content: text}}
		cfg.Secrets = append(cfg.Secrets, packed) // whoever unpacks it reads them all
		cfg.Documents = []provision.Document{{Name: commandLine, Content: word}}
		return nil
	}
	cfg.Documents = []provision.Document{{Name: mainDocument(d), Content: text}}
	if !nocloud(d) {
		return nil
	}
	meta, err := yamldoc.Marshal(yamldoc.Map(yamldoc.Pair{Key: "instance-id", Value: yamldoc.Text(instanceID(text))}))
	if err != nil {
		return fmt.Errorf("rendering %s: %w", metaData, err)
	}
	cfg.Documents = append(cfg.Documents, provision.Document{Name: metaData, Content: meta})
	if d.Kind == distros.DeliverHTTP {
		// Talos asks for it again and again for three minutes when there is
		// none. It says nothing; the machine config has the network.
		cfg.Documents = append(cfg.Documents, provision.Document{Name: networkConfig, Content: "version: 2\n"})
	}
	return nil
}

// instanceID names the machine by its config.
func instanceID(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "distrolab-" + hex.EncodeToString(sum[:])[:16]
}

// inline is the machine config as one word of the kernel command line.
func inline(text string) (string, error) {
	// Harder levels take thirty times as long, mostly for memory, and save 20 bytes.
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(64<<10))
	if err != nil {
		return "", fmt.Errorf("packing the machine config: %w", err)
	}
	packed := enc.EncodeAll([]byte(text), nil)
	word := constants.KernelParamConfigInline + "=" + base64.StdEncoding.EncodeToString(packed)
	if len(word) > maxCommandLine {
		return "", &TooLongError{Bytes: len(word), Limit: maxCommandLine}
	}
	return word, nil
}

// fromCommandLine is the reverse of inline.
func fromCommandLine(words string) (string, error) {
	if len(words) > maxCommandLine {
		return "", &TooLongError{Bytes: len(words), Limit: maxCommandLine}
	}
	for _, word := range strings.Fields(words) {
		packed, found := strings.CutPrefix(word, constants.KernelParamConfigInline+"=")
		if !found {
			continue
		}
		compressed, err := base64.StdEncoding.DecodeString(packed)
		if err != nil {
			return "", fmt.Errorf("reading %s: it is not base64", constants.KernelParamConfigInline)
		}
		dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxInlineText))
		if err != nil {
			return "", fmt.Errorf("reading %s: %w", constants.KernelParamConfigInline, err)
		}
		defer dec.Close()
		text, err := dec.DecodeAll(compressed, nil)
		if err != nil {
			return "", fmt.Errorf("reading %s: it is not zstd: %w", constants.KernelParamConfigInline, err)
		}
		return string(text), nil
	}
	return "", errors.New("the command line has no word " + constants.KernelParamConfigInline + "=")
}

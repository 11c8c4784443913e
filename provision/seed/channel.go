package seed

import (
	"errors"
	"fmt"
	"strings"

	"distrolab/provision"
)

// Limits of the channels.
const (
	maxFWCfgName    = 55      // QEMU: FW_CFG_MAX_FILE_PATH less its zero byte
	maxFWCfgContent = 8 << 20 // bytes; ours, far above any config
	maxDiskSerial   = 20      // virtio 1.2, 5.2.6.1: VIRTIO_BLK_ID_BYTES
	maxDiskContent  = 8 << 20 // bytes; ours, as above
	maxPartName     = 36      // UTF-16 units of a name in a GUID partition table
	diskSector      = 512     // bytes
)

// packFWCfg makes one entry per document.
func packFWCfg(cfg provision.Config) (Media, error) {
	if len(cfg.Documents) == 0 {
		return Media{}, errors.New("packing fw_cfg: the config has no document")
	}
	var media Media
	seen := map[string]bool{}
	for _, doc := range cfg.Documents {
		if err := checkFWCfg(doc); err != nil {
			return Media{}, err
		}
		if seen[doc.Name] {
			return Media{}, fmt.Errorf("packing fw_cfg entry %q: the name is used twice", doc.Name)
		}
		seen[doc.Name] = true
		media.FWCfg = append(media.FWCfg, Entry{Name: doc.Name, Content: []byte(doc.Content)})
	}
	return media, nil
}

// checkFWCfg refuses what QEMU would refuse or cut. QEMU keeps names outside
// opt/ for itself.
func checkFWCfg(doc provision.Document) error {
	rest, found := strings.CutPrefix(doc.Name, "opt/")
	switch {
	case !found || rest == "":
		return fmt.Errorf("packing fw_cfg entry %q: the name must begin with opt/", doc.Name)
	case len(doc.Name) > maxFWCfgName:
		return fmt.Errorf("packing fw_cfg entry %q: the name has %d bytes, QEMU takes %d", doc.Name, len(doc.Name), maxFWCfgName)
	case !only(doc.Name, isFWCfgByte):
		return fmt.Errorf("packing fw_cfg entry %q: use letters, digits and / . _ - in the name", doc.Name)
	case len(doc.Content) > maxFWCfgContent:
		return fmt.Errorf("packing fw_cfg entry %s: %d bytes are more than the limit of %d", doc.Name, len(doc.Content), maxFWCfgContent)
	}
	return nil
}

// packDisk makes the document whole sectors. A guest takes the zeros after it
// for padding, so a document that ends in zeros could not be told from it.
func packDisk(cfg provision.Config) (Media, error) {
	serial := cfg.Delivery.Serial
	if serial == "" || len(serial) > maxDiskSerial || !only(serial, isSerialByte) {
		return Media{}, fmt.Errorf("packing disk: serial %q must be 1 to %d letters, digits and . _ -", serial, maxDiskSerial)
	}
	if len(cfg.Documents) != 1 {
		return Media{}, fmt.Errorf("packing disk %s: the config has %d documents, a disk holds one", serial, len(cfg.Documents))
	}
	text := cfg.Documents[0].Content
	switch {
	case text == "" || strings.HasSuffix(text, "\x00"):
		return Media{}, fmt.Errorf("packing disk %s: the document is empty or ends in a zero byte, which a guest takes for padding", serial)
	case len(text) > maxDiskContent:
		return Media{}, fmt.Errorf("packing disk %s: %d bytes are more than the limit of %d", serial, len(text), maxDiskContent)
	}
	content := make([]byte, (len(text)+diskSector-1)/diskSector*diskSector)
	copy(content, text)
	return Media{Disk: &Disk{Serial: serial, Content: content}}, nil
}

// packPartition hands the files on: what writes them must know the image.
func packPartition(cfg provision.Config) (Media, error) {
	name := cfg.Delivery.Label
	if name == "" || len(name) > maxPartName || !only(name, isPrintable) {
		return Media{}, fmt.Errorf("packing partition: name %q must be 1 to %d printable ASCII characters", name, maxPartName)
	}
	if err := checkFiles(cfg.Documents, checkPath); err != nil {
		return Media{}, fmt.Errorf("packing partition %s: %w", name, err)
	}
	return Media{Partition: &Partition{Name: name, Files: cfg.Documents}}, nil
}

// packHTTP hands the documents on to whoever serves them.
func packHTTP(cfg provision.Config) (Media, error) {
	if err := checkFiles(cfg.Documents, checkPath); err != nil {
		return Media{}, fmt.Errorf("packing documents to serve: %w", err)
	}
	if cfg.Delivery.Kernel == "" && cfg.Delivery.SMBIOS == "" {
		return Media{}, errors.New("packing documents to serve: nothing tells the guest where; give the delivery a kernel or smbios text in the catalog")
	}
	return Media{Served: cfg.Documents}, nil
}

func isFWCfgByte(c byte) bool  { return isAlphanumeric(c) || strings.IndexByte("/._-", c) >= 0 }
func isSerialByte(c byte) bool { return isAlphanumeric(c) || strings.IndexByte("._-", c) >= 0 }

package seed

import (
	"errors"
	"fmt"
	"strings"

	"distrolab/distros"
	"distrolab/provision"
)

// Limits of the texts that firmware and loader carry.
const (
	maxSerial     = 255  // bytes; what DMI readers take from one string
	maxKernelArgs = 1800 // bytes; the kernel reads 2048, the rest is the system's own
)

// CommandLine is the name of the document that holds kernel words.
const CommandLine = "cmdline"

// packKernel takes the document's words.
func packKernel(cfg provision.Config) (Media, error) {
	if len(cfg.Documents) != 1 || cfg.Documents[0].Name != CommandLine {
		return Media{}, fmt.Errorf("packing kernel words: the config must have one document, named %s", CommandLine)
	}
	words, err := Words(cfg.Documents[0].Content)
	if err != nil {
		return Media{}, fmt.Errorf("packing kernel words: %w", err)
	}
	return Media{KernelArgs: words}, nil
}

// tellGuest adds what the delivery tells the guest by SMBIOS and by kernel
// words, whatever its kind.
func tellGuest(media *Media, d distros.Delivery, url string) error {
	if strings.Contains(d.Kernel+d.SMBIOS, distros.URLPlace) {
		if d.Kind != distros.DeliverHTTP {
			return fmt.Errorf("its text has %s, but nothing is served", distros.URLPlace)
		}
		if err := checkURL(url); err != nil {
			return err
		}
	}
	fill := func(text string) string { return strings.ReplaceAll(text, distros.URLPlace, url) }
	if d.SMBIOS != "" {
		serial := fill(d.SMBIOS)
		if len(serial) > maxSerial || !only(serial, isPrintable) || strings.TrimSpace(serial) != serial {
			return fmt.Errorf("SMBIOS serial %q must be at most %d printable ASCII characters without spaces around them", serial, maxSerial)
		}
		media.SMBIOSSerial = serial
	}
	if d.Kernel != "" {
		words, err := Words(fill(d.Kernel))
		if err != nil {
			return err
		}
		media.KernelArgs = append(media.KernelArgs, words...)
	}
	if total := len(strings.Join(media.KernelArgs, " ")); total > maxKernelArgs {
		return fmt.Errorf("its kernel words have %d bytes, more than the limit of %d", total, maxKernelArgs)
	}
	return nil
}

// checkURL wants an address that can stand in a kernel word.
func checkURL(url string) error {
	inWord := func(c byte) bool { return c > 0x20 && c < 0x7f && c != '"' }
	if !strings.HasPrefix(url, "http://") || !strings.HasSuffix(url, "/") || !only(url, inWord) {
		return fmt.Errorf("the address %q of the served documents must be http://…/ in printable ASCII", url)
	}
	return nil
}

// Words splits a kernel command line as the kernel does: at single spaces,
// save where double quotes protect them. The quotes stay in the words.
func Words(line string) ([]string, error) {
	if !only(line, isPrintable) {
		return nil, errors.New("use printable ASCII on a kernel command line")
	}
	var words []string
	quoted, start := false, 0
	for i := 0; i <= len(line); i++ {
		switch {
		case i < len(line) && line[i] == '"':
			quoted = !quoted
		case i == len(line) || line[i] == ' ' && !quoted:
			words = append(words, line[start:i])
			start = i + 1
		}
	}
	if quoted {
		return nil, errors.New("a double quote on the kernel command line is not closed")
	}
	for _, word := range words {
		switch strings.Trim(word, `"`) {
		case "":
			return nil, errors.New("a word of the kernel command line is empty; separate words by one space")
		case "--":
			return nil, errors.New("the word -- would end the kernel's own words")
		}
	}
	return words, nil
}

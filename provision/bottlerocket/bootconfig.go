package bottlerocket

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
)

// Limits of the kernel's boot configuration (include/linux/bootconfig.h).
const (
	maxBootData = 1<<15 - 1 // bytes of text and padding
	maxBootKey  = 255       // bytes of one key with its dots
	maxBootTree = 8192      // keys and values together
)

// bootMagic ends the file, so that the kernel finds it behind an initrd.
const bootMagic = "#BOOTCONFIG\n"

// EncodeBootConfig packs a text of the kernel's boot configuration as the
// kernel reads it behind an initrd: the text, NULs up to a multiple of 4 and
// at least one, the size and the sum of these bytes, and a magic word
// (Documentation/admin-guide/bootconfig.rst).
func EncodeBootConfig(text string) ([]byte, error) {
	data := append([]byte(text), make([]byte, 4-len(text)%4)...)
	if len(data) > maxBootData {
		return nil, fmt.Errorf("packing a boot configuration: %d bytes are more than the kernel's limit of %d", len(data), maxBootData)
	}
	if strings.ContainsRune(text, 0) {
		return nil, fmt.Errorf("packing a boot configuration: it holds a NUL, where the kernel would stop reading")
	}
	size := len(data)
	sum := sumOf(data)
	data = binary.LittleEndian.AppendUint32(data, uint32(size))
	data = binary.LittleEndian.AppendUint32(data, sum)
	return append(data, bootMagic...), nil
}

// DecodeBootConfig takes the text out of a packed boot configuration and
// checks it as the kernel does.
func DecodeBootConfig(packed []byte) (string, error) {
	rest, ok := strings.CutSuffix(string(packed), bootMagic)
	if !ok {
		return "", fmt.Errorf("unpacking a boot configuration: it does not end with %q", bootMagic)
	}
	if len(rest) < 8 {
		return "", fmt.Errorf("unpacking a boot configuration: %d bytes are too few for a size and a sum", len(rest))
	}
	data, trailer := rest[:len(rest)-8], []byte(rest[len(rest)-8:])
	size, sum := binary.LittleEndian.Uint32(trailer), binary.LittleEndian.Uint32(trailer[4:])
	switch {
	case size > maxBootData || int(size) != len(data):
		return "", fmt.Errorf("unpacking a boot configuration: its size says %d, and %d bytes are there", size, len(data))
	case sum != sumOf([]byte(data)):
		return "", fmt.Errorf("unpacking a boot configuration: its sum says %#x, and its bytes have %#x", sum, sumOf([]byte(data)))
	}
	text, _, ended := strings.Cut(data, "\x00")
	if !ended {
		return "", fmt.Errorf("unpacking a boot configuration: no NUL ends its text")
	}
	return text, nil
}

func sumOf(data []byte) uint32 {
	var sum uint32
	for _, b := range data {
		sum += uint32(b)
	}
	return sum
}

// parameter is one of the kernel's parameters, with its values in order. One
// without values is a bare word, such as quiet.
type parameter struct {
	key    string
	values []string
}

// bootConfigText writes the parameters. Values are always quoted: a comma
// outside of quotes would make two of one.
func bootConfigText(parameters []parameter) string {
	var text strings.Builder
	text.WriteString("kernel {\n")
	for _, p := range parameters {
		text.WriteString("    " + p.key)
		for i, value := range p.values {
			text.WriteString([]string{" = ", ", "}[min(i, 1)])
			quote := `"`
			if strings.Contains(value, quote) {
				quote = "'"
			}
			text.WriteString(quote + value + quote)
		}
		text.WriteString("\n")
	}
	text.WriteString("}\n")
	return text.String()
}

// addParameter appends a value to a parameter, which it makes when it is new.
// It says why it cannot.
func addParameter(list []parameter, argument string) ([]parameter, string) {
	key, value, hasValue := strings.Cut(argument, "=")
	at := slices.IndexFunc(list, func(p parameter) bool { return p.key == key })
	switch {
	case !isBootKey(key) || strings.Trim(key, "-") == "":
		return list, fmt.Sprintf("%s cannot be a key of the kernel's boot configuration: those are words of letters, digits, - and _, joined by dots", key)
	case hasValue && !isBootValue(value):
		return list, "its value holds both kinds of quotes, and the boot configuration has no way to write that"
	case at < 0 && !hasValue:
		return append(list, parameter{key: key}), ""
	case at < 0:
		return append(list, parameter{key, []string{value}}), ""
	case hasValue == (len(list[at].values) == 0):
		return list, fmt.Sprintf("%s is there with a value and without one, which the boot configuration cannot say; keep one of them", key)
	case !hasValue:
		return list, "" // a bare word twice is the word
	}
	list[at].values = append(list[at].values, value)
	return list, ""
}

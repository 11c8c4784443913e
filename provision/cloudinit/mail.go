package cloudinit

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"strings"
	"unicode/utf8"

	"distrolab/provision"
)

// maxParts is how many parts of a message are looked at.
const maxParts = 50

// isMail reports whether user-data is a MIME message, which holds several
// kinds of user-data in one file.
func isMail(content string) bool {
	start := strings.ToLower(content[:min(len(content), 512)])
	return strings.HasPrefix(start, "content-type:") || strings.HasPrefix(start, "mime-version:")
}

// checkMail names the parts of a message and checks those that are a
// cloud-config. Lines count within the part.
func checkMail(content string, target provision.Target) []provision.Finding {
	message, err := mail.ReadMessage(strings.NewReader(content))
	if err != nil {
		return problem(1, fmt.Sprintf("this begins as a MIME message and is none: %s", clip(err.Error())))
	}
	kind, parameters, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	if err != nil || !strings.HasPrefix(kind, "multipart/") || parameters["boundary"] == "" {
		return problem(1, "this MIME message needs the header Content-Type: multipart/mixed with a boundary")
	}
	var kinds []string
	var inside []provision.Finding
	parts := multipart.NewReader(message.Body, parameters["boundary"])
	for len(kinds) < maxParts {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return problem(0, fmt.Sprintf("part %d of this MIME message cannot be read: %s", len(kinds)+1, clip(err.Error())))
		}
		kinds = append(kinds, clip(part.Header.Get("Content-Type")))
		for _, f := range checkPart(part, target) {
			f.Path = strings.TrimSuffix(fmt.Sprintf("part %d: %s", len(kinds), f.Path), ": ")
			inside = append(inside, f)
		}
	}
	if len(kinds) == 0 {
		return problem(1, "this MIME message has no parts; look at its boundary")
	}
	findings := remark(fmt.Sprintf("this is a MIME message of %d parts (%s); only those of type text/cloud-config are checked", len(kinds), strings.Join(kinds, ", ")))
	return append(findings, inside[:min(len(inside), maxFindings)]...)
}

// checkPart checks a part that is a cloud-config.
func checkPart(part *multipart.Part, target provision.Target) []provision.Finding {
	kind, _, _ := mime.ParseMediaType(part.Header.Get("Content-Type"))
	if kind != "text/cloud-config" {
		return nil
	}
	var body io.Reader = part
	if strings.EqualFold(part.Header.Get("Content-Transfer-Encoding"), "base64") {
		body = base64.NewDecoder(base64.StdEncoding, part)
	}
	text, err := io.ReadAll(io.LimitReader(body, maxFile))
	if err != nil || !utf8.Valid(text) {
		return problem(0, "cannot be decoded")
	}
	return checkCloudConfig(string(text), target)
}

package cluster

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// request is one question to the API server.
type request struct {
	doing  string // what the caller is about, for errors: "creating the token"
	method string // GET when empty
	path   string // segments that come from outside are escaped
	query  url.Values
	body   any // sent as JSON; nil: nothing
}

// StatusError is an answer of the API server that is not a success.
type StatusError struct {
	Code    int    // of HTTP
	Reason  string // the API's own word, such as AlreadyExists
	Message string // printable, bounded
}

// Error names the code and what the server said.
func (e *StatusError) Error() string {
	text := fmt.Sprintf("the API server answers %d %s", e.Code, http.StatusText(e.Code))
	if e.Message != "" {
		text += ": " + e.Message
	}
	return text
}

// hasCode says whether the API server answered with that code.
func hasCode(err error, code int) bool {
	var status *StatusError
	return errors.As(err, &status) && status.Code == code
}

// call asks and decodes the answer into out, unless that is nil.
func (c *Client) call(ctx context.Context, r request, out any) error {
	ctx, cancel := context.WithTimeout(ctx, c.callTime)
	defer cancel()
	response, err := c.send(ctx, r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if err != nil {
		return fmt.Errorf("%s: reading the API server's answer: %w", r.doing, contextOr(ctx, err))
	}
	if len(answer) > maxAnswer {
		return fmt.Errorf("%s: the API server's answer is longer than %d bytes", r.doing, maxAnswer)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("%s: the API server's answer is not what its API says: %w", r.doing, err)
	}
	return nil
}

// send asks and gives the answer, whose body the caller closes. An answer that
// is not a success is an error.
func (c *Client) send(ctx context.Context, r request) (*http.Response, error) {
	var body io.Reader
	if r.body != nil {
		data, err := json.Marshal(r.body)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", r.doing, err)
		}
		body = bytes.NewReader(data)
	}
	if r.method == "" {
		r.method = http.MethodGet
	}
	address := c.base.JoinPath(r.path)
	address.RawQuery = r.query.Encode()
	q, err := http.NewRequestWithContext(ctx, r.method, address.String(), body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.doing, err)
	}
	q.Header.Set("Accept", "application/json")
	q.Header.Set("User-Agent", "distrolab")
	if body != nil {
		q.Header.Set("Content-Type", "application/json")
	}
	response, err := c.http.Do(q)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.doing, explain(contextOr(ctx, err)))
	}
	if response.StatusCode >= 200 && response.StatusCode < 300 {
		return response, nil
	}
	defer response.Body.Close()
	return nil, fmt.Errorf("%s: %w", r.doing, refusal(response))
}

// refusal reads what the API server says about its refusal.
func refusal(response *http.Response) *StatusError {
	refused := &StatusError{Code: response.StatusCode}
	text, err := io.ReadAll(io.LimitReader(response.Body, 64<<10))
	if err != nil {
		return refused
	}
	var status struct {
		Kind    string `json:"kind"`
		Reason  string `json:"reason"`
		Message string `json:"message"`
	}
	if json.Unmarshal(text, &status) == nil && status.Kind == "Status" {
		refused.Reason, refused.Message = printable(status.Reason), printable(status.Message)
	} else {
		refused.Message = printable(string(text))
	}
	return refused
}

// CertificateError says that the connection to the API server was not made
// because of a certificate.
type CertificateError struct {
	Cause string // one sentence, with what to do
	err   error
}

// Error gives the cause and what TLS says.
func (e *CertificateError) Error() string { return e.Cause + ": " + e.err.Error() }

// Unwrap gives what TLS says.
func (e *CertificateError) Unwrap() error { return e.err }

// isCertificate says whether the connection failed because of a certificate.
func isCertificate(err error) bool {
	var certificate *CertificateError
	return errors.As(err, &certificate)
}

// explain puts the cause before an error of a certificate.
func explain(err error) error {
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	var name x509.HostnameError
	var verification *tls.CertificateVerificationError
	switch {
	case errors.As(err, &unknown):
		return &CertificateError{"the API server's certificate is not of the cluster's CA that the kubeconfig names; use the kubeconfig of this cluster", err}
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return &CertificateError{"the API server's certificate is not valid at this host's time; compare the clocks of both", err}
	case errors.As(err, &name):
		return &CertificateError{"the API server's certificate does not name the address that it is called by; reach it by a name that the certificate has", err}
	case errors.As(err, &verification):
		return &CertificateError{"the API server's certificate is not accepted", err}
	}
	return err
}

func contextOr(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

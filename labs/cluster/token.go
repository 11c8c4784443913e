package cluster

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"distrolab/provision"
)

// joinGroup is the group of bootstrap tokens that kubeadm lets join.
const joinGroup = "system:bootstrappers:kubeadm:default-node-token"

// infoPath is what kubeadm publishes of a cluster for those that want to join.
const infoPath = namespacesPath + "/kube-public/configmaps/cluster-info"

// StepToken is what [Client.CreateToken] does, in a few words.
const StepToken = "waiting until the cluster signs the nodes' token"

const (
	signedPoll = 100 * time.Millisecond // how often the signature is asked for
	reshow     = 15 * time.Second       // without a signature, until the token is shown to the signer again
)

// CreateToken makes a bootstrap token valid in the cluster until it expires.
// One of the same id is replaced. It returns when the cluster has signed its
// public information with the token: a kubeadm that looks before that looks
// again only seconds later, which would be a part of the join.
func (c *Client) CreateToken(ctx context.Context, token provision.Secret, expires time.Time) error {
	id, secret, err := splitToken(token)
	if err != nil {
		return fmt.Errorf("creating the token: %w", err)
	}
	create := request{doing: "creating the token", method: http.MethodPost, path: secretsPath, body: tokenObject(id, secret, expires, 1)}
	if err = c.call(ctx, create, nil); hasCode(err, http.StatusConflict) {
		if err = c.DeleteToken(ctx, token); err == nil {
			err = c.call(ctx, create, nil)
		}
	}
	if err != nil {
		return err
	}
	return c.awaitSigned(ctx, id, secret, expires)
}

// tokenObject is the secret that a bootstrap token is to the API, shown to the
// signer for the nth time.
func tokenObject(id, secret string, expires time.Time, shown int) map[string]any {
	return map[string]any{
		"apiVersion": "v1", "kind": "Secret", "type": "bootstrap.kubernetes.io/token",
		"metadata": map[string]any{"name": tokenName(id), "namespace": "kube-system",
			"annotations": map[string]string{"distrolab/shown": strconv.Itoa(shown)}},
		"stringData": map[string]string{
			"token-id": id, "token-secret": secret,
			"expiration":                     expires.UTC().Format(time.RFC3339),
			"usage-bootstrap-authentication": "true",
			"usage-bootstrap-signing":        "true",
			"auth-extra-groups":              joinGroup,
			"description":                    "a node of a distrolab lab",
		},
	}
}

func tokenName(id string) string { return "bootstrap-token-" + id }

// awaitSigned returns when the cluster's public information is signed with the
// token. A cluster that has none, which kubeadm did not make, signs nothing.
//
// The signer (Kubernetes' pkg/controller/bootstrap) tries to write a signature
// once and looks again at the next change of a token only. Its try may fail, as
// that of any client of a busy API server; so the token is changed now and then.
func (c *Client) awaitSigned(ctx context.Context, id, secret string, expires time.Time) error {
	ask := request{doing: "waiting until the cluster signs with the token", path: infoPath}
	for began, shown := time.Now(), 1; time.Now().Before(expires); {
		var info struct {
			Data map[string]string `json:"data"`
		}
		err := c.call(ctx, ask, &info)
		if hasCode(err, http.StatusNotFound) || err == nil && isSigned(info.Data, id, secret) {
			return nil
		}
		if time.Since(began) >= time.Duration(shown)*c.reshow && err == nil {
			shown++
			err = c.showAgain(ctx, id, tokenObject(id, secret, expires, shown))
		}
		if err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: %w; is the controller manager running?", ask.doing, context.Cause(ctx))
		case <-time.After(signedPoll):
		}
	}
	return nil // nobody can join by it, signed or not
}

// showAgain changes a token, so that the signer looks at it.
func (c *Client) showAgain(ctx context.Context, id string, token map[string]any) error {
	change := request{doing: "showing the token to the cluster again", method: http.MethodPut,
		path: secretsPath + "/" + tokenName(id), body: token}
	err := c.call(ctx, change, nil)
	switch {
	case hasCode(err, http.StatusNotFound):
		return errors.New("the cluster deleted the token before it was signed; does its clock differ from this machine's by hours?")
	case hasCode(err, http.StatusForbidden):
		return nil // who may make tokens may perhaps not change them
	}
	return err
}

// isSigned says whether a kubeconfig is signed with the token: its JSON web
// signature, without the payload, lies beside it.
func isSigned(data map[string]string, id, secret string) bool {
	header, signature, _ := strings.Cut(data["jws-kubeconfig-"+id], "..")
	sum, err := base64.RawURLEncoding.DecodeString(signature)
	if err != nil {
		return false
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(header + "." + base64.RawURLEncoding.EncodeToString([]byte(data["kubeconfig"]))))
	return hmac.Equal(sum, mac.Sum(nil))
}

// DeleteToken ends a bootstrap token; one that is not there is no error.
func (c *Client) DeleteToken(ctx context.Context, token provision.Secret) error {
	id, _, err := splitToken(token)
	if err != nil {
		return fmt.Errorf("deleting the token: %w", err)
	}
	return c.remove(ctx, "deleting the token", secretsPath+"/"+tokenName(id))
}

func splitToken(token provision.Secret) (id, secret string, err error) {
	m := regexp.MustCompile(`^([a-z0-9]{6})\.([a-z0-9]{16})$`).FindStringSubmatch(token.Reveal())
	if m == nil {
		return "", "", errors.New("it is not a bootstrap token, such as abcdef.0123456789abcdef")
	}
	return m[1], m[2], nil
}

// remove deletes an object at once; one that is not there is no error.
func (c *Client) remove(ctx context.Context, doing, path string) error {
	now := map[string]any{"apiVersion": "v1", "kind": "DeleteOptions", "gracePeriodSeconds": 0}
	err := c.call(ctx, request{doing: doing, method: http.MethodDelete, path: path, body: now}, nil)
	if hasCode(err, http.StatusNotFound) {
		return nil
	}
	return err
}

package cluster

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"time"

	"distrolab/provision"
)

// joinGroup is the group of bootstrap tokens that kubeadm lets join.
const joinGroup = "system:bootstrappers:kubeadm:default-node-token"

// CreateToken makes a bootstrap token valid in the cluster until it expires.
// One of the same id is replaced.
func (c *Client) CreateToken(ctx context.Context, token provision.Secret, expires time.Time) error {
	id, secret, err := splitToken(token)
	if err != nil {
		return fmt.Errorf("creating the token: %w", err)
	}
	object := map[string]any{
		"apiVersion": "v1", "kind": "Secret", "type": "bootstrap.kubernetes.io/token",
		"metadata": map[string]any{"name": "bootstrap-token-" + id, "namespace": "kube-system"},
		"stringData": map[string]string{
			"token-id": id, "token-secret": secret,
			"expiration":                     expires.UTC().Format(time.RFC3339),
			"usage-bootstrap-authentication": "true",
			"usage-bootstrap-signing":        "true",
			"auth-extra-groups":              joinGroup,
			"description":                    "a node of a distrolab lab",
		},
	}
	create := request{doing: "creating the token", method: http.MethodPost, path: secretsPath, body: object}
	err = c.call(ctx, create, nil)
	if !hasCode(err, http.StatusConflict) {
		return err
	}
	if err := c.DeleteToken(ctx, token); err != nil {
		return err
	}
	return c.call(ctx, create, nil)
}

// DeleteToken ends a bootstrap token; one that is not there is no error.
func (c *Client) DeleteToken(ctx context.Context, token provision.Secret) error {
	id, _, err := splitToken(token)
	if err != nil {
		return fmt.Errorf("deleting the token: %w", err)
	}
	return c.remove(ctx, "deleting the token", secretsPath+"/bootstrap-token-"+id)
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

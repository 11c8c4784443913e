package cluster

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"k8s.io/client-go/tools/clientcmd"

	"distrolab/provision"
)

// ConnectImpatient is Connect with a client that gives up silent connections
// after that time, for tests.
func ConnectImpatient(kubeconfig []byte, dial Dial, silence time.Duration) (*Client, error) {
	config, err := clientcmd.RESTConfigFromKubeConfig(kubeconfig)
	if err != nil {
		return nil, err
	}
	return newClient(config, dial, silence, silence)
}

// Hurry gives up questions after that time, for tests.
func (c *Client) Hurry(limit time.Duration) { c.callTime = limit }

// Reshow shows tokens again to the signer after that time, for tests.
func (c *Client) Reshow(after time.Duration) { c.reshow = after }

// SignerRights takes the right to sign from the cluster's signer, or gives it
// back, for tests.
func (c *Client) SignerRights(ctx context.Context, given bool) error {
	const name, group = "system:controller:bootstrap-signer", "rbac.authorization.k8s.io"
	path := "/apis/" + group + "/v1/namespaces/kube-public/rolebindings"
	if !given {
		return c.call(ctx, request{method: http.MethodDelete, path: path + "/" + name}, nil)
	}
	return c.call(ctx, request{method: http.MethodPost, path: path, body: map[string]any{
		"apiVersion": group + "/v1", "kind": "RoleBinding", "metadata": map[string]any{"name": name},
		"roleRef":  map[string]any{"apiGroup": group, "kind": "Role", "name": name},
		"subjects": []any{map[string]any{"kind": "ServiceAccount", "name": "bootstrap-signer", "namespace": "kube-system"}},
	}}, nil)
}

// Printable is how texts of the API server are kept, for tests.
func Printable(text string) string { return printable(text) }

// Remains lists what the API server still has of a node, for tests.
func (c *Client) Remains(ctx context.Context, node string) ([]string, error) {
	var left []string
	for what, r := range map[string]request{
		"node":      {path: nodesPath, query: selecting("metadata.name", node)},
		"lease":     {path: leasesPath, query: selecting("metadata.name", node)},
		"pod":       {path: podsPath, query: selecting("spec.nodeName", node)},
		"probe pod": {path: podsPath, query: selecting("metadata.name", helloName(node))},
	} {
		var all list[json.RawMessage]
		if err := c.call(ctx, r, &all); err != nil {
			return nil, err
		}
		if len(all.Items) > 0 {
			left = append(left, what)
		}
	}
	var all list[requestObject]
	if err := c.call(ctx, request{path: requestsPath}, &all); err != nil {
		return nil, err
	}
	for _, r := range all.Items {
		if r.node() == node {
			left = append(left, "certificate signing request")
		}
	}
	return left, nil
}

// HasToken says whether the secret of a bootstrap token is there, for tests.
func (c *Client) HasToken(ctx context.Context, token provision.Secret) (bool, error) {
	id, _, err := splitToken(token)
	if err != nil {
		return false, err
	}
	err = c.call(ctx, request{path: secretsPath + "/" + tokenName(id)}, nil)
	if hasCode(err, http.StatusNotFound) {
		return false, nil
	}
	return err == nil, err
}

// Deny refuses a certificate signing request, for tests.
func (c *Client) Deny(ctx context.Context, name, message string) error {
	var object map[string]any
	path := requestsPath + "/" + name
	if err := c.call(ctx, request{path: path}, &object); err != nil {
		return err
	}
	object["status"] = map[string]any{"conditions": []any{map[string]any{
		"type": "Denied", "status": "True", "reason": "ByTest", "message": message,
	}}}
	return c.call(ctx, request{method: http.MethodPut, path: path + "/approval", body: object}, nil)
}

// Signs says whether the cluster signs with a token, for tests.
func (c *Client) Signs(ctx context.Context, token provision.Secret) (bool, error) {
	id, secret, err := splitToken(token)
	if err != nil {
		return false, err
	}
	var info struct {
		Data map[string]string `json:"data"`
	}
	if err := c.call(ctx, request{path: infoPath}, &info); err != nil {
		return false, err
	}
	return isSigned(info.Data, id, secret), nil
}

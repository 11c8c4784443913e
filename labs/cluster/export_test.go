package cluster

import (
	"context"
	"encoding/json"
)

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

package simulated

import (
	"context"
	"crypto/tls"
	"errors"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"
)

// networkMissing is what a kubelet says while it has no network for its pods.
const networkMissing = "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized"

// register makes the Node, not yet ready; one that is there already is taken
// over, as kubelets do.
func (k *Kubelet) register(ctx context.Context, client dynamic.Interface) error {
	node := newObject("v1", "Node", k.Name)
	node.SetLabels(map[string]string{"kubernetes.io/hostname": k.Name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"})
	node.Object["status"] = k.status("False", "KubeletNotReady", networkMissing)
	_, err := client.Resource(nodes()).Create(ctx, node, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}

// lease makes the node's first heartbeat, or another one.
func (k *Kubelet) lease(ctx context.Context, client dynamic.Interface) error {
	lease := newObject("coordination.k8s.io/v1", "Lease", k.Name)
	lease.SetNamespace("kube-node-lease")
	lease.Object["spec"] = map[string]any{
		"holderIdentity": k.Name, "leaseDurationSeconds": int64(40),
		"renewTime": time.Now().UTC().Format("2006-01-02T15:04:05.000000Z"),
	}
	held := client.Resource(leases()).Namespace("kube-node-lease")
	_, err := held.Create(ctx, lease, metav1.CreateOptions{})
	if !apierrors.IsAlreadyExists(err) {
		return err
	}
	old, err := held.Get(ctx, k.Name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	lease.SetResourceVersion(old.GetResourceVersion())
	_, err = held.Update(ctx, lease, metav1.UpdateOptions{})
	return err
}

// ready says that the node is ready.
func (k *Kubelet) ready(ctx context.Context, client dynamic.Interface) error {
	for {
		node, err := client.Resource(nodes()).Get(ctx, k.Name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		node.Object["status"] = k.status("True", "KubeletReady", "kubelet is posting ready status")
		if _, err = client.Resource(nodes()).UpdateStatus(ctx, node, metav1.UpdateOptions{}); !apierrors.IsConflict(err) {
			return err
		}
	}
}

// status is what a kubelet says of itself; its texts name the simulation.
func (k *Kubelet) status(ready, reason, message string) map[string]any {
	now := time.Now().UTC().Format(time.RFC3339)
	return map[string]any{
		"addresses":   []any{map[string]any{"type": "InternalIP", "address": "192.0.2.10"}, map[string]any{"type": "Hostname", "address": k.Name}},
		"capacity":    map[string]any{"cpu": "2", "memory": "2Gi", "pods": "110"},
		"allocatable": map[string]any{"cpu": "2", "memory": "2Gi", "pods": "110"},
		"conditions": []any{map[string]any{
			"type": "Ready", "status": ready, "reason": reason, "message": message,
			"lastHeartbeatTime": now, "lastTransitionTime": now,
		}},
		"nodeInfo": map[string]any{
			"machineID": "", "systemUUID": "", "bootID": "", "kubeProxyVersion": "", "operatingSystem": "linux", "architecture": "amd64",
			"kubeletVersion": "v1.36.1", "containerRuntimeVersion": "simulated://0",
			"osImage": "simulated kubelet", "kernelVersion": "simulated",
		},
	}
}

func newObject(version, kind, name string) *unstructured.Unstructured {
	object := &unstructured.Unstructured{Object: map[string]any{}}
	object.SetAPIVersion(version)
	object.SetKind(kind)
	object.SetName(name)
	return object
}

// conditionMessage gives the message of a condition that is there.
func conditionMessage(object *unstructured.Unstructured, kind string) (string, bool) {
	conditions, _, _ := unstructured.NestedSlice(object.Object, "status", "conditions")
	for _, c := range conditions {
		if c, ok := c.(map[string]any); ok && c["type"] == kind {
			message, _ := c["message"].(string)
			return message, true
		}
	}
	return "", false
}

func isReady(node *unstructured.Unstructured) bool {
	conditions, _, _ := unstructured.NestedSlice(node.Object, "status", "conditions")
	for _, c := range conditions {
		if c, ok := c.(map[string]any); ok && c["type"] == "Ready" {
			return c["status"] == "True"
		}
	}
	return false
}

// isCertificate says whether the server showed a certificate of another CA.
func isCertificate(err error) bool {
	var wrong *tls.CertificateVerificationError
	return errors.As(err, &wrong)
}

package cluster

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// Paths of the API.
const (
	nodesPath      = "/api/v1/nodes"
	podsPath       = "/api/v1/pods"
	namespacesPath = "/api/v1/namespaces"
	secretsPath    = "/api/v1/namespaces/kube-system/secrets"
	leasesPath     = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
	requestsPath   = "/apis/certificates.k8s.io/v1/certificatesigningrequests"
)

// clientSigner signs the certificates by which kubelets log in.
const clientSigner = "kubernetes.io/kube-apiserver-client-kubelet"

// list is an answer with several objects.
type list[T any] struct {
	Metadata meta `json:"metadata"`
	Items    []T  `json:"items"`
}

// meta is what is read of every object's metadata.
type meta struct {
	Name              string  `json:"name"`
	Namespace         string  `json:"namespace"`
	UID               string  `json:"uid"`
	ResourceVersion   string  `json:"resourceVersion"`
	CreationTimestamp string  `json:"creationTimestamp"`
	ManagedFields     []field `json:"managedFields"`
}

// field says who wrote something of an object.
type field struct {
	Manager string `json:"manager"`
}

// writtenBy says whether that program wrote something of the object.
func (m meta) writtenBy(manager string) bool {
	for _, f := range m.ManagedFields {
		if f.Manager == manager {
			return true
		}
	}
	return false
}

// age is the time since the object was made, by the server's clock; 0 when the
// server does not say it in a way that can be read.
func (m meta) age(now time.Time) time.Duration {
	made, err := time.Parse(time.RFC3339, m.CreationTimestamp)
	if err != nil {
		return 0
	}
	return max(0, now.Sub(made).Round(time.Second))
}

// condition is one condition of an object's status.
type condition struct {
	Type    string `json:"type"`
	Status  string `json:"status"`
	Reason  string `json:"reason"`
	Message string `json:"message"`
}

// nodeObject is what is read of a Node.
type nodeObject struct {
	Metadata meta `json:"metadata"`
	Spec     struct {
		PodCIDR       string  `json:"podCIDR"`
		Unschedulable bool    `json:"unschedulable"`
		Taints        []taint `json:"taints"`
	} `json:"spec"`
	Status struct {
		Conditions []condition `json:"conditions"`
		Addresses  []struct {
			Type    string `json:"type"`
			Address string `json:"address"`
		} `json:"addresses"`
		NodeInfo struct {
			KubeletVersion          string `json:"kubeletVersion"`
			ContainerRuntimeVersion string `json:"containerRuntimeVersion"`
			OSImage                 string `json:"osImage"`
			KernelVersion           string `json:"kernelVersion"`
		} `json:"nodeInfo"`
	} `json:"status"`
}

type taint struct {
	Key    string `json:"key"`
	Effect string `json:"effect"`
}

// ready gives the Ready condition.
func (n nodeObject) ready() (condition, bool) {
	for _, c := range n.Status.Conditions {
		if c.Type == "Ready" {
			return c, true
		}
	}
	return condition{}, false
}

// notReadyTaint says whether the node carries the taint that keeps pods away
// from a node that is not ready.
func (n nodeObject) notReadyTaint() bool {
	for _, t := range n.Spec.Taints {
		if t.Key == "node.kubernetes.io/not-ready" {
			return true
		}
	}
	return false
}

// requestObject is what is read of a certificate signing request.
type requestObject struct {
	Metadata meta `json:"metadata"`
	Spec     struct {
		Request    []byte `json:"request"`
		SignerName string `json:"signerName"`
		Username   string `json:"username"`
	} `json:"spec"`
	Status struct {
		Conditions  []condition `json:"conditions"`
		Certificate []byte      `json:"certificate"`
	} `json:"status"`
}

// maxRequest bounds a certificate signing request that is looked into.
const maxRequest = 64 << 10

// node gives the name of the node that asks, or "".
func (r requestObject) node() string {
	if len(r.Spec.Request) > maxRequest {
		return ""
	}
	block, _ := pem.Decode(r.Spec.Request)
	if block == nil {
		return ""
	}
	asked, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil {
		return ""
	}
	name, ok := strings.CutPrefix(asked.Subject.CommonName, "system:node:")
	if !ok {
		return ""
	}
	return name
}

// has gives the condition of that type.
func (r requestObject) has(kind string) (condition, bool) {
	for _, c := range r.Status.Conditions {
		if c.Type == kind {
			return c, true
		}
	}
	return condition{}, false
}

// leaseObject is what is read of a Lease.
type leaseObject struct {
	Metadata meta `json:"metadata"`
	Spec     struct {
		HolderIdentity string `json:"holderIdentity"`
	} `json:"spec"`
}

// podObject is what is read of a Pod.
type podObject struct {
	Metadata meta `json:"metadata"`
	Spec     struct {
		NodeName string `json:"nodeName"`
	} `json:"spec"`
	Status struct {
		Phase             string      `json:"phase"`
		Conditions        []condition `json:"conditions"`
		ContainerStatuses []struct {
			RestartCount int `json:"restartCount"`
			State        struct {
				Waiting *struct {
					Reason  string `json:"reason"`
					Message string `json:"message"`
				} `json:"waiting"`
			} `json:"state"`
		} `json:"containerStatuses"`
	} `json:"status"`
}

// checkNode refuses a name that no Node can have, before it becomes a part of a
// path or of a selector.
func checkNode(name string) error {
	if !isName(name) {
		return fmt.Errorf("%q cannot be the name of a Node", printable(name))
	}
	return nil
}

// isName says whether an object can have that name: a DNS name in lower case.
func isName(name string) bool {
	return len(name) <= 253 && regexp.MustCompile(`^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$`).MatchString(name)
}

// selecting is a query for the objects of which one field has that value.
func selecting(field, value string) url.Values {
	return url.Values{"fieldSelector": {field + "=" + value}}
}

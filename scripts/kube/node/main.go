// Command node is the two programs of Kubernetes that a node runs itself,
// kubeadm and kubelet, in one file: which of them it is, its own name says. A
// node gets this one and not the file of all programs, since it is copied,
// checked and started on machines that are emulated.
package main

import (
	"context"

	"github.com/spf13/cobra"
	_ "k8s.io/component-base/metrics/prometheus/clientgo" // as Kubernetes' own mains do
	_ "k8s.io/component-base/metrics/prometheus/version"
	kubeadm "k8s.io/kubernetes/cmd/kubeadm/app"
	kubeadmerrors "k8s.io/kubernetes/cmd/kubeadm/app/util/errors"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"

	"distrolab/scripts/kube/internal/multicall"
)

func main() {
	multicall.Run(map[string]func(){
		"kubeadm": func() { kubeadmerrors.HandleError(kubeadm.Run()) },
		"kubelet": multicall.Command(func() *cobra.Command { return kubelet.NewKubeletCommand(context.Background()) }),
	})
}

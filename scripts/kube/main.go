// Command kube is the programs of Kubernetes in one file, as BusyBox is for
// Unix: which of them it is, its own name says. distrolab builds it from the Go
// modules because Kubernetes' own servers cannot be reached where it is tested.
//
// It is a module of its own, so that distrolab itself depends on none of it.
// What each program may touch is Kubernetes' affair.
package main

import (
	"context"
	"os"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/etcdmain"
	_ "k8s.io/component-base/metrics/prometheus/clientgo" // as Kubernetes' own mains do
	_ "k8s.io/component-base/metrics/prometheus/version"
	kubectl "k8s.io/kubectl/pkg/cmd"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	proxy "k8s.io/kubernetes/cmd/kube-proxy/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	kubeadm "k8s.io/kubernetes/cmd/kubeadm/app"
	kubeadmerrors "k8s.io/kubernetes/cmd/kubeadm/app/util/errors"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"

	"distrolab/scripts/kube/internal/multicall"
)

func main() {
	multicall.Run(map[string]func(){
		"etcd":                    func() { etcdmain.Main(os.Args) },
		"kube-apiserver":          multicall.Command(apiserver.NewAPIServerCommand),
		"kube-controller-manager": multicall.Command(controllers.NewControllerManagerCommand),
		"kube-proxy":              multicall.Command(proxy.NewProxyCommand),
		"kube-scheduler":          multicall.Command(func() *cobra.Command { return scheduler.NewSchedulerCommand() }),
		"kubeadm":                 func() { kubeadmerrors.HandleError(kubeadm.Run()) }, // ends the process with kubeadm's own exit codes
		"kubectl":                 multicall.Command(kubectl.NewDefaultKubectlCommand),
		"kubelet":                 multicall.Command(func() *cobra.Command { return kubelet.NewKubeletCommand(context.Background()) }),
	})
}

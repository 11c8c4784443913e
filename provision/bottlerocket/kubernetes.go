package bottlerocket

// kubernetesSettings are the kubelet's, and how it comes to a cluster.
type kubernetesSettings struct {
	StandaloneMode     *bool   `toml:"standalone-mode,omitempty"`
	ClusterName        *string `toml:"cluster-name,omitempty" is:"cluster name"`
	APIServer          *string `toml:"api-server,omitempty" is:"url"`
	ClusterCertificate *string `toml:"cluster-certificate,omitempty" is:"base64"`
	BootstrapToken     *string `toml:"bootstrap-token,omitempty" is:"token"`
	ClusterDNSIP       any     `toml:"cluster-dns-ip,omitempty" or:"addresses"`
	ClusterDomain      *string `toml:"cluster-domain,omitempty" is:"domain"`
	AuthenticationMode *string `toml:"authentication-mode,omitempty" is:"tls|aws"`
	CloudProvider      *string `toml:"cloud-provider,omitempty" is:"|aws|external"`
	ServerTLSBootstrap *bool   `toml:"server-tls-bootstrap,omitempty"`

	NodeLabels             map[string]string     `toml:"node-labels,omitempty" keys:"label key" is:"label value"`
	NodeTaints             map[string]any        `toml:"node-taints,omitempty" keys:"label key" or:"taints"`
	NodeIP                 *string               `toml:"node-ip,omitempty" is:"address"`
	HostnameOverride       *string               `toml:"hostname-override,omitempty" is:"hostname"`
	HostnameOverrideSource *string               `toml:"hostname-override-source,omitempty" is:"private-dns-name|instance-id"`
	ProviderID             *string               `toml:"provider-id,omitempty" is:"url"`
	PodInfraContainerImage *string               `toml:"pod-infra-container-image,omitempty" is:"line"`
	StaticPods             map[string]*staticPod `toml:"static-pods,omitempty" keys:"identifier"`
	ServerCertificate      *string               `toml:"server-certificate,omitempty" is:"base64"`
	ServerKey              *string               `toml:"server-key,omitempty" is:"base64"`

	EvictionHard              map[string]string `toml:"eviction-hard,omitempty" keys:"eviction signal" is:"threshold"`
	EvictionSoft              map[string]string `toml:"eviction-soft,omitempty" keys:"eviction signal" is:"threshold"`
	EvictionSoftGracePeriod   map[string]string `toml:"eviction-soft-grace-period,omitempty" keys:"eviction signal" is:"duration"`
	EvictionMaxPodGracePeriod *int64            `toml:"eviction-max-pod-grace-period,omitempty" is:"natural"`
	KubeReserved              map[string]string `toml:"kube-reserved,omitempty" keys:"reserved resource" is:"quantity"`
	SystemReserved            map[string]string `toml:"system-reserved,omitempty" keys:"reserved resource" is:"quantity"`

	AllowedUnsafeSysctls      []string `toml:"allowed-unsafe-sysctls,omitempty" is:"line"`
	RegistryQPS               *int64   `toml:"registry-qps,omitempty" is:"i32"`
	RegistryBurst             *int64   `toml:"registry-burst,omitempty" is:"i32"`
	EventQPS                  *int64   `toml:"event-qps,omitempty" is:"i32"`
	EventBurst                *int64   `toml:"event-burst,omitempty" is:"i32"`
	KubeAPIQPS                *int64   `toml:"kube-api-qps,omitempty" is:"i32"`
	KubeAPIBurst              *int64   `toml:"kube-api-burst,omitempty" is:"i32"`
	MaxPods                   *int64   `toml:"max-pods,omitempty" is:"u32"`
	PodPidsLimit              *int64   `toml:"pod-pids-limit,omitempty"`
	LogLevel                  *int64   `toml:"log-level,omitempty" is:"u8"`
	ContainerLogMaxSize       *string  `toml:"container-log-max-size,omitempty" is:"quantity"`
	ContainerLogMaxFiles      *int64   `toml:"container-log-max-files,omitempty" is:"i32"`
	ContainerLogMaxWorkers    *int64   `toml:"container-log-max-workers,omitempty" is:"i32"`
	ContainerLogMonitor       *string  `toml:"container-log-monitor-interval,omitempty" is:"duration"`
	StaticPodsEnabled         *bool    `toml:"static-pods-enabled,omitempty"`
	ImageGCHigh               any      `toml:"image-gc-high-threshold-percent,omitempty" or:"percent"`
	ImageGCLow                any      `toml:"image-gc-low-threshold-percent,omitempty" or:"percent"`
	CPUCFSQuotaEnforced       *bool    `toml:"cpu-cfs-quota-enforced,omitempty"`
	CPUManagerPolicy          *string  `toml:"cpu-manager-policy,omitempty" is:"none|static|None|Static"`
	CPUManagerReconcilePeriod *string  `toml:"cpu-manager-reconcile-period,omitempty" is:"duration"`
	CPUManagerPolicyOptions   []string `toml:"cpu-manager-policy-options,omitempty" is:"full-pcpus-only"`
	TopologyManagerScope      *string  `toml:"topology-manager-scope,omitempty" is:"container|pod"`
	TopologyManagerPolicy     *string  `toml:"topology-manager-policy,omitempty" is:"none|restricted|best-effort|single-numa-node"`
	MemoryManagerPolicy       *string  `toml:"memory-manager-policy,omitempty" is:"None|none|Static|static"`
	MemorySwapBehavior        *string  `toml:"memory-swap-behavior,omitempty" is:"LimitedSwap|NoSwap|UnlimitedSwap"`
	ReservedCPUs              *string  `toml:"reserved-cpus,omitempty" is:"line"`
	ShutdownGracePeriod       *string  `toml:"shutdown-grace-period,omitempty" is:"duration"`
	ShutdownGraceCritical     *string  `toml:"shutdown-grace-period-for-critical-pods,omitempty" is:"duration"`
	SeccompDefault            *bool    `toml:"seccomp-default,omitempty"`
	DeviceOwnership           *bool    `toml:"device-ownership-from-security-context,omitempty"`
	SingleProcessOOMKill      *bool    `toml:"single-process-oom-kill,omitempty"`

	MemoryReserved      map[string]*memoryReservation  `toml:"memory-manager-reserved-memory,omitempty" keys:"identifier"`
	CredentialProviders map[string]*credentialProvider `toml:"credential-providers,omitempty" keys:"identifier"`
}

type staticPod struct {
	Enabled  *bool   `toml:"enabled,omitempty"`
	Manifest *string `toml:"manifest,omitempty" is:"base64"`
}

type memoryReservation struct {
	Enabled      *bool   `toml:"enabled,omitempty" need:"yes"`
	Memory       *string `toml:"memory,omitempty" is:"quantity"`
	HugePages1Gi *string `toml:"hugepages-1Gi,omitempty" is:"quantity"`
	HugePages2Mi *string `toml:"hugepages-2Mi,omitempty" is:"quantity"`
}

type credentialProvider struct {
	Enabled       *bool             `toml:"enabled,omitempty" need:"yes"`
	ImagePatterns []string          `toml:"image-patterns,omitempty" is:"line" need:"yes"`
	CacheDuration *string           `toml:"cache-duration,omitempty" is:"duration"`
	Environment   map[string]string `toml:"environment,omitempty" is:"line"`
}

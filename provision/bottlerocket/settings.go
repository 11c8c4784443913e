package bottlerocket

// userData is user-data.toml, and the file on a vmware variant's CD-ROM.
//
// The types below are both what is written and the description by which
// [conform] checks what somebody else wrote. The tag `is` names the kind of a
// text or number, `keys` that of a mapping's keys, `or` the shapes of a value
// that has several.
type userData struct {
	Settings settings `toml:"settings"`
}

type settings struct {
	Motd                *string                        `toml:"motd,omitempty"`
	Network             *networkSettings               `toml:"network,omitempty"`
	DNS                 *dnsSettings                   `toml:"dns,omitempty"`
	NTP                 *ntpSettings                   `toml:"ntp,omitempty"`
	Kernel              *kernelSettings                `toml:"kernel,omitempty"`
	Boot                *bootSettings                  `toml:"boot,omitempty"`
	ContainerRegistry   *registrySettings              `toml:"container-registry,omitempty"`
	ContainerRuntime    *runtimeSettings               `toml:"container-runtime,omitempty"`
	Kubernetes          *kubernetesSettings            `toml:"kubernetes,omitempty"`
	HostContainers      map[string]*hostContainer      `toml:"host-containers,omitempty" keys:"identifier"`
	BootstrapContainers map[string]*bootstrapContainer `toml:"bootstrap-containers,omitempty" keys:"identifier"`
	BootstrapCommands   map[string]*bootstrapCommands  `toml:"bootstrap-commands,omitempty" keys:"identifier"`
	Updates             *updatesSettings               `toml:"updates,omitempty"`
	Metrics             *metricsSettings               `toml:"metrics,omitempty"`
	PKI                 map[string]*certificateBundle  `toml:"pki,omitempty" keys:"identifier"`
	OCIDefaults         *ociDefaults                   `toml:"oci-defaults,omitempty"`
	OCIHooks            *ociHooks                      `toml:"oci-hooks,omitempty"`
	AWS                 *awsSettings                   `toml:"aws,omitempty"`
}

type networkSettings struct {
	Hostname    *string  `toml:"hostname,omitempty" is:"hostname"`
	Hosts       []any    `toml:"hosts,omitempty" or:"host entry"`
	HTTPSProxy  *string  `toml:"https-proxy,omitempty" is:"url"`
	NoProxy     []string `toml:"no-proxy,omitempty" is:"line"`
	DisableIPv6 []string `toml:"disable-ipv6,omitempty" is:"line"`
}

type dnsSettings struct {
	NameServers []string `toml:"name-servers,omitempty" is:"address"`
	SearchList  []string `toml:"search-list,omitempty" is:"hostname"`
}

type ntpSettings struct {
	TimeServers any      `toml:"time-servers,omitempty" or:"time servers"`
	Options     []string `toml:"options,omitempty" is:"line"`
	Logging     []string `toml:"logging,omitempty" is:"line"`
}

type timeServer struct {
	Address   *string  `toml:"address,omitempty" is:"url" need:"yes"`
	Directive *string  `toml:"directive,omitempty" is:"server|pool"`
	Options   []string `toml:"options,omitempty" is:"line"`
}

type kernelSettings struct {
	Lockdown  *string                  `toml:"lockdown,omitempty" is:"none|integrity|confidentiality"`
	Modules   map[string]*kernelModule `toml:"modules,omitempty" keys:"module"`
	Sysctl    map[string]string        `toml:"sysctl,omitempty" keys:"sysctl"`
	Hugepages *hugepages               `toml:"hugepages,omitempty"`
}

type kernelModule struct {
	Allowed  *bool `toml:"allowed,omitempty"`
	Autoload *bool `toml:"autoload,omitempty"`
}

type hugepages struct {
	Static      map[string]any        `toml:"static,omitempty"`
	Transparent *transparentHugepages `toml:"transparent,omitempty"`
}

type transparentHugepages struct {
	Enabled *string `toml:"enabled,omitempty" is:"always|madvise|never"`
	Defrag  *string `toml:"defrag,omitempty" is:"always|defer|defer+madvise|madvise|never"`
}

type bootSettings struct {
	RebootToReconcile *bool               `toml:"reboot-to-reconcile,omitempty"`
	KernelParameters  map[string][]string `toml:"kernel-parameters,omitempty" keys:"boot key" is:"boot value"`
	InitParameters    map[string][]string `toml:"init-parameters,omitempty" keys:"boot key" is:"boot value"`
	Kernel            map[string][]string `toml:"kernel,omitempty" keys:"boot key" is:"boot value"` // older spelling
	Init              map[string][]string `toml:"init,omitempty" keys:"boot key" is:"boot value"`   // older spelling
}

type registrySettings struct {
	Mirrors     any              `toml:"mirrors,omitempty" or:"mirrors"`
	Credentials []registryAccess `toml:"credentials,omitempty"`
	Creds       []registryAccess `toml:"creds,omitempty"` // older spelling
}

type registryMirror struct {
	Registry     *string  `toml:"registry,omitempty" is:"line"`
	Endpoint     []string `toml:"endpoint,omitempty" is:"url"`
	Capabilities []string `toml:"capabilities,omitempty" is:"pull|resolve|push"`
}

type registryAccess struct {
	Registry      *string `toml:"registry,omitempty" is:"line"`
	Username      *string `toml:"username,omitempty" is:"line"`
	Password      *string `toml:"password,omitempty" is:"line"`
	Auth          *string `toml:"auth,omitempty" is:"base64"`
	IdentityToken *string `toml:"identitytoken,omitempty" is:"line"`
}

type runtimeSettings struct {
	LogLevel                *string `toml:"log-level,omitempty" is:"trace|debug|info|warn|error|fatal|panic"`
	MaxConcurrentUnpacks    *int64  `toml:"max-concurrent-unpacks,omitempty" is:"i32"`
	DownloadChunkSize       any     `toml:"concurrent-download-chunk-size,omitempty" or:"bytes"`
	Snapshotter             *string `toml:"snapshotter,omitempty" is:"overlayfs|soci"`
	MaxContainerLogLineSize *int64  `toml:"max-container-log-line-size,omitempty" is:"i32"`
	MaxConcurrentDownloads  *int64  `toml:"max-concurrent-downloads,omitempty" is:"i32"`
	UnprivilegedPorts       *bool   `toml:"enable-unprivileged-ports,omitempty"`
	UnprivilegedICMP        *bool   `toml:"enable-unprivileged-icmp,omitempty"`
}

type hostContainer struct {
	Source       *string  `toml:"source,omitempty" is:"url"`
	Enabled      *bool    `toml:"enabled,omitempty"`
	Superpowered *bool    `toml:"superpowered,omitempty"`
	UserData     *string  `toml:"user-data,omitempty" is:"base64"`
	Command      []string `toml:"command,omitempty"`
}

type bootstrapContainer struct {
	Source    *string  `toml:"source,omitempty" is:"url"`
	Mode      *string  `toml:"mode,omitempty" is:"off|once|always"`
	UserData  *string  `toml:"user-data,omitempty" is:"base64"`
	Essential *bool    `toml:"essential,omitempty"`
	Command   []string `toml:"command,omitempty"`
}

type bootstrapCommands struct {
	Commands  [][]string `toml:"commands,omitempty"`
	Mode      *string    `toml:"mode,omitempty" is:"off|once|always"`
	Essential *bool      `toml:"essential,omitempty"`
}

type updatesSettings struct {
	MetadataBaseURL *string `toml:"metadata-base-url,omitempty" is:"url"`
	TargetsBaseURL  *string `toml:"targets-base-url,omitempty" is:"url"`
	Seed            *int64  `toml:"seed,omitempty" is:"u32"`
	VersionLock     *string `toml:"version-lock,omitempty" is:"release"`
	IgnoreWaves     *bool   `toml:"ignore-waves,omitempty"`
}

type metricsSettings struct {
	MetricsURL    *string  `toml:"metrics-url,omitempty" is:"url"`
	SendMetrics   *bool    `toml:"send-metrics,omitempty"`
	ServiceChecks []string `toml:"service-checks,omitempty"`
}

type certificateBundle struct {
	Data    *string `toml:"data,omitempty" is:"certificates"`
	Trusted *bool   `toml:"trusted,omitempty"`
}

type ociDefaults struct {
	Capabilities   map[string]bool           `toml:"capabilities,omitempty" keys:"capability"`
	ResourceLimits map[string]*resourceLimit `toml:"resource-limits,omitempty" keys:"resource limit"`
}

type resourceLimit struct {
	Soft any `toml:"soft-limit,omitempty" or:"limit"`
	Hard any `toml:"hard-limit,omitempty" or:"limit"`
}

type ociHooks struct {
	Log4jHotpatch *bool `toml:"log4j-hotpatch-enabled,omitempty"`
}

type awsSettings struct {
	Region      *string `toml:"region,omitempty" is:"line"`
	Config      *string `toml:"config,omitempty" is:"base64"`
	Credentials *string `toml:"credentials,omitempty" is:"base64"`
	Profile     *string `toml:"profile,omitempty" is:"line"`
}

package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"distrolab/labs/hypervisor"
)

// Places says where distrolab and libvirt keep things for this user.
type Places struct {
	URI           string // "" means hypervisor.DefaultURI
	DataDir       string
	RunDir        string
	XDGRuntimeDir string // the session daemon's, as for hypervisor.Options.RuntimeDir
	ConfigHome    string // XDG_CONFIG_HOME or ~/.config
	Log           *slog.Logger
}

// System is the environment of the real machine.
func System(p Places) Environment {
	connect := func(ctx context.Context) (hypervisor.Host, error) {
		c, err := hypervisor.Open(ctx, hypervisor.Options{URI: p.URI, RuntimeDir: p.XDGRuntimeDir, Log: p.Log})
		if err != nil {
			return hypervisor.Host{}, err
		}
		host, err := c.Host(ctx)
		return host, errors.Join(err, c.Close())
	}
	return Environment{
		UID: os.Getuid(), URI: p.URI, DataDir: p.DataDir, RunDir: p.RunDir, ConfigHome: p.ConfigHome,
		LookPath: exec.LookPath, Run: run, Stat: os.Stat, Writable: writable, FreeDisk: freeDisk, FreeMemory: freeMemory,
		Account: account, Connect: connect, Accelerator: hypervisor.DetectAccelerator,
	}
}

func run(ctx context.Context, argv ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.WaitDelay = time.Second
	output, err := cmd.Output()
	return string(output), err
}

// existing is the directory itself or its nearest parent that exists.
func existing(dir string) string {
	for {
		if _, err := os.Stat(dir); err == nil || !errors.Is(err, fs.ErrNotExist) {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return dir
		}
		dir = parent
	}
}

// writable asks the kernel; it makes nothing.
func writable(dir string) error {
	place := existing(dir)
	if err := unix.Access(place, unix.W_OK|unix.X_OK); err != nil {
		return &fs.PathError{Op: "writing in", Path: place, Err: err}
	}
	return nil
}

func freeDisk(dir string) (uint64, error) {
	var stat unix.Statfs_t
	place := existing(dir)
	if err := unix.Statfs(place, &stat); err != nil {
		return 0, &fs.PathError{Op: "measuring", Path: place, Err: err}
	}
	return stat.Bavail * uint64(stat.Bsize), nil
}

func freeMemory() (uint64, error) {
	content, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0, fmt.Errorf("reading free memory: %w", err)
	}
	return parseMeminfo(string(content))
}

// parseMeminfo reads the line "MemAvailable: 123 kB" of proc(5).
func parseMeminfo(content string) (uint64, error) {
	for line := range strings.Lines(content) {
		fields := strings.Fields(line)
		if len(fields) < 2 || fields[0] != "MemAvailable:" {
			continue
		}
		kib, err := strconv.ParseUint(fields[1], 10, 53)
		if err != nil {
			return 0, fmt.Errorf("reading free memory: %w", err)
		}
		return kib << 10, nil
	}
	return 0, errors.New("reading free memory: /proc/meminfo has no MemAvailable")
}

func account(name string) (Account, error) {
	found, err := user.Lookup(name)
	if err != nil {
		return Account{}, err
	}
	uid, err := strconv.Atoi(found.Uid)
	if err != nil {
		return Account{}, fmt.Errorf("reading the number of user %s: %w", name, err)
	}
	ids, err := found.GroupIds()
	if err != nil {
		return Account{}, fmt.Errorf("reading the groups of user %s: %w", name, err)
	}
	a := Account{UID: uid}
	for _, id := range ids {
		if gid, err := strconv.Atoi(id); err == nil {
			a.Groups = append(a.Groups, gid)
		}
	}
	return a, nil
}

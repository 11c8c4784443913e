//go:build linux

package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"distrolab/labs/probe"

	"golang.org/x/sys/unix"
)

// readKernel returns the kernel's release and command line.
func readKernel() probe.Kernel {
	var k probe.Kernel
	var name unix.Utsname
	if unix.Uname(&name) == nil {
		k.Release = unix.ByteSliceToString(name.Release[:])
	}
	line, err := os.ReadFile("/proc/cmdline")
	if err != nil {
		k.CommandLine = "unreadable: " + err.Error()
		return k
	}
	k.CommandLine = strings.TrimSuffix(string(line), "\n")
	return k
}

// loadModules loads the files NN-name.ko of a directory in the order of their
// names, which the builder made the order of their dependencies.
func loadModules(dir string) (loaded []string, problem string) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.ko")) // sorted
	if err != nil {
		return nil, err.Error()
	}
	var errs []error
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".ko")
		if err := loadModule(path); err != nil {
			errs = append(errs, fmt.Errorf("loading module %s: %w", name, err))
			continue
		}
		loaded = append(loaded, name)
	}
	if err := errors.Join(errs...); err != nil {
		problem = err.Error()
	}
	return loaded, problem
}

func loadModule(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	err = unix.FinitModule(int(f.Fd()), "", 0)
	if errors.Is(err, unix.EEXIST) {
		return nil
	}
	return err
}

// readMachine returns memory, processors and firmware, read below the given
// roots of proc and sysfs.
func readMachine(proc, sys string) probe.Machine {
	m := probe.Machine{Firmware: "bios"}
	if _, err := os.Stat(filepath.Join(sys, "firmware/efi")); err == nil {
		m.Firmware = "uefi"
	}
	memory, err1 := fields(filepath.Join(proc, "meminfo"))
	cpu, err2 := fields(filepath.Join(proc, "cpuinfo"))
	uptime, err3 := os.ReadFile(filepath.Join(proc, "uptime"))
	if err := errors.Join(err1, err2, err3); err != nil {
		m.Error = err.Error()
	}
	if total := memory["MemTotal"]; len(total) > 0 {
		m.MemoryKiB, _ = strconv.ParseInt(strings.TrimSuffix(total[0], " kB"), 10, 64)
	}
	m.CPUs = len(cpu["processor"])
	if model := cpu["model name"]; len(model) > 0 {
		m.CPUModel = model[0]
	}
	if flags := cpu["flags"]; len(flags) > 0 {
		m.CPUFlags = strings.Fields(flags[0])
	}
	seconds, _, _ := strings.Cut(string(uptime), " ")
	if s, err := strconv.ParseFloat(seconds, 64); err == nil {
		m.UptimeMS = int64(s * 1000)
	}
	return m
}

// fields reads "key : value" lines; a key may occur more than once.
func fields(path string) (map[string][]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	out := map[string][]string{}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		key, value, ok := strings.Cut(lines.Text(), ":")
		if ok {
			key = strings.TrimSpace(key)
			out[key] = append(out[key], strings.TrimSpace(value))
		}
	}
	return out, lines.Err()
}

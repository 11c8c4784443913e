package clustertest

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// process is one program that runs.
type process struct {
	name  string
	log   string
	cmd   *exec.Cmd
	ended chan struct{}
}

// launch starts a program; what it says goes to a file below the directory.
func (c *Cluster) launch(name string, args ...string) error {
	p := &process{name: name, log: c.path(name + ".log"), ended: make(chan struct{})}
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	p.cmd = exec.Command(filepath.Join(c.programs, name), args...)
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = c.dir, log, log
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // a test that dies leaves nothing
	if err := p.cmd.Start(); err != nil {
		return fmt.Errorf("starting %s: %w", name, err)
	}
	go func() {
		p.cmd.Wait() // it ends by a signal of ours, or await says that it ended
		close(p.ended)
	}()
	c.running = append(c.running, p)
	return nil
}

func (p *process) kill() {
	p.cmd.Process.Kill()
	<-p.ended
}

// await returns when the program that was started last answers at that URL.
func (c *Cluster) await(ctx context.Context, name, url string) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	client := &http.Client{Transport: &http.Transport{
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true}, // only whether it answers
		DisableKeepAlives: true,
	}}
	p := c.running[len(c.running)-1]
	for {
		if q, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil); err != nil {
			return err
		} else if response, err := client.Do(q); err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s does not answer: %w\n%s", name, context.Cause(ctx), p.tail())
		case <-p.ended:
			return fmt.Errorf("%s ended\n%s", name, p.tail())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// tail is the end of what the program said.
func (p *process) tail() string {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(string(text), "\n")
	return strings.Join(lines[max(0, len(lines)-20):], "\n")
}

// run runs a program to its end.
func (c *Cluster) run(ctx context.Context, name string, args ...string) error {
	out, err := exec.CommandContext(ctx, filepath.Join(c.programs, name), args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("running %s %s: %w\n%s", name, strings.Join(args, " "), err, out)
	}
	return nil
}

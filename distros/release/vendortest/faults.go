package vendortest

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// Fault answers one request in a way a good server would not; content is what
// it should have sent, nil if there is nothing under that address.
type Fault func(out http.ResponseWriter, r *http.Request, content []byte)

// Portal is a network that wants a sign-in first: a web page, and status 200.
func Portal() Fault {
	return func(out http.ResponseWriter, _ *http.Request, _ []byte) {
		out.Header().Set("Content-Type", "text/html; charset=utf-8")
		out.Write([]byte("<!DOCTYPE html>\n<html><head><title>Welcome to Hotel Wi-Fi</title></head><body>Please sign in.</body></html>\n")) //nolint:errcheck // the client may be gone
	}
}

// Endless sends more and more until the client has enough, 256 MiB at most.
func Endless() Fault {
	return func(out http.ResponseWriter, _ *http.Request, _ []byte) {
		block := []byte(strings.Repeat("FILLER=1\n", 8<<10))
		for range 256 << 20 / len(block) {
			if _, err := out.Write(block); err != nil {
				return
			}
		}
	}
}

// Status answers with a status and headers, given in pairs.
func Status(code int, headers ...string) Fault {
	return func(out http.ResponseWriter, _ *http.Request, _ []byte) {
		for i := 0; i+1 < len(headers); i += 2 {
			out.Header().Set(headers[i], headers[i+1])
		}
		out.WriteHeader(code)
	}
}

// Redirect sends the client elsewhere.
func Redirect(url string) Fault {
	return func(out http.ResponseWriter, r *http.Request, _ []byte) {
		http.Redirect(out, r, url, http.StatusFound)
	}
}

// Silent never answers.
func Silent() Fault {
	return func(_ http.ResponseWriter, r *http.Request, _ []byte) { <-r.Context().Done() }
}

// Slow sends some bytes at a time with pauses.
func Slow(bytes int, pause time.Duration) Fault {
	return func(out http.ResponseWriter, r *http.Request, content []byte) {
		out.Header().Set("Content-Length", strconv.Itoa(len(content)))
		flusher := http.NewResponseController(out)
		for len(content) > 0 {
			n := min(bytes, len(content))
			if _, err := out.Write(content[:n]); err != nil {
				return
			}
			flusher.Flush() //nolint:errcheck // the client may be gone
			content = content[n:]
			select {
			case <-time.After(pause):
			case <-r.Context().Done():
				return
			}
		}
	}
}

// Cut breaks the connection after some bytes, the first times it is asked.
func Cut(after, times int) Fault {
	var done atomic.Int32
	return func(out http.ResponseWriter, r *http.Request, content []byte) {
		if done.Add(1) > int32(times) {
			serveFile(out, r, content)
			return
		}
		limited := &cutWriter{ResponseWriter: out, left: after}
		serveFile(limited, r, content)
		if limited.left <= 0 {
			panic(http.ErrAbortHandler) // the connection is broken without a word
		}
	}
}

// cutWriter passes on a number of bytes and drops the rest.
type cutWriter struct {
	http.ResponseWriter
	left int
}

func (c *cutWriter) Write(p []byte) (int, error) {
	n := min(c.left, len(p))
	c.left -= n
	if _, err := c.ResponseWriter.Write(p[:n]); err != nil {
		return 0, err
	}
	if c.left <= 0 {
		http.NewResponseController(c.ResponseWriter).Flush() //nolint:errcheck // the client may be gone
		return n, http.ErrAbortHandler
	}
	return len(p), nil
}

// NoRanges sends the whole file whatever was asked for.
func NoRanges() Fault {
	return func(out http.ResponseWriter, _ *http.Request, content []byte) {
		out.Header().Set("Content-Length", strconv.Itoa(len(content)))
		out.Write(content) //nolint:errcheck // the client may be gone
	}
}

// Instead sends another document in good order.
func Instead(other []byte) Fault {
	return func(out http.ResponseWriter, r *http.Request, _ []byte) { serveFile(out, r, other) }
}

// Hollow sends a file of the right length whose second half is zeros.
func Hollow() Fault {
	return func(out http.ResponseWriter, r *http.Request, content []byte) {
		half := bytes.Clone(content)
		clear(half[len(half)/2:])
		serveFile(out, r, half)
	}
}

// Longer sends the file and something after it.
func Longer() Fault {
	return func(out http.ResponseWriter, r *http.Request, content []byte) {
		serveFile(out, r, append(bytes.Clone(content), "and more"...))
	}
}

// Shorter sends the file without its end.
func Shorter() Fault {
	return func(out http.ResponseWriter, r *http.Request, content []byte) {
		serveFile(out, r, content[:len(content)-7])
	}
}

// Moving answers the first request with one document and all later ones with
// another.
func Moving(later []byte) Fault {
	var asked atomic.Int32
	return func(out http.ResponseWriter, r *http.Request, content []byte) {
		if asked.Add(1) > 1 {
			content = later
		}
		serveFile(out, r, content)
	}
}

// factory answers HEAD itself and sends everything else elsewhere.
func factory(elsewhere string) Fault {
	return func(out http.ResponseWriter, r *http.Request, content []byte) {
		if r.Method == http.MethodHead {
			serveFile(out, r, content)
			return
		}
		http.Redirect(out, r, elsewhere, http.StatusFound)
	}
}

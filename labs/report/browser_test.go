package report_test

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"

	"distrolab/labs/results"
	"distrolab/labs/results/resultstest"
)

// browser starts Chromium for one test, or skips it where there is none.
func browser(t *testing.T) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("chromium is not installed")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute) // a loaded machine starts a browser in half a minute
	t.Cleanup(cancel)
	ctx, stop := chromedp.NewExecAllocator(ctx, append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()), chromedp.WindowSize(1100, 1700))...)
	t.Cleanup(stop)
	return ctx
}

// visit is a tab with what its page did.
type visit struct {
	ctx context.Context

	mu       sync.Mutex
	requests []string
	said     []string // to the console, errors and refusals of the policy among it
}

func (v *visit) seen() (requests, said []string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Clone(v.requests), slices.Clone(v.said)
}

// open loads a page from a file into a tab of its own.
func open(t *testing.T, browser context.Context, page string, scripts bool) *visit {
	t.Helper()
	path := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(path, []byte(page), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := chromedp.NewContext(browser)
	t.Cleanup(cancel)
	v := &visit{ctx: ctx}
	err := chromedp.Listen(ctx, func(event any) {
		v.mu.Lock()
		defer v.mu.Unlock()
		switch e := event.(type) {
		case *network.EventRequestWillBeSent:
			v.requests = append(v.requests, e.Request.URL)
		case *runtime.EventConsoleAPICalled:
			v.said = append(v.said, string(e.Type))
		case *runtime.EventExceptionThrown:
			v.said = append(v.said, e.ExceptionDetails.Text)
		case *log.EventEntryAdded:
			v.said = append(v.said, e.Entry.Text)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	call(t, v, network.Enable, network.EnableParams{})
	call(t, v, log.Enable, cdp.Empty{})
	call(t, v, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !scripts})
	if err := chromedp.Do(ctx, chromedp.Navigate("file://"+path)); err != nil {
		t.Fatal(err)
	}
	return v
}

func call[P, R any](t *testing.T, v *visit, command cdp.Command[P, R], params P) {
	t.Helper()
	if _, err := chromedp.Call(v.ctx, command, params); err != nil {
		t.Fatal(err)
	}
}

// ask evaluates an expression in the page.
func ask[T any](t *testing.T, v *visit, expression string) T {
	t.Helper()
	answer, err := chromedp.Run(v.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	return answer
}

// media shows the page as on a screen in a scheme of colours, or on paper.
func media(t *testing.T, v *visit, kind, scheme string) {
	t.Helper()
	call(t, v, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Media: kind, Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
}

// keep writes what the browser made where REPORT_SHOTS says, to be looked at.
func keep(t *testing.T, name string, data []byte) {
	t.Helper()
	if dir := os.Getenv("REPORT_SHOTS"); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestReportInChromium(t *testing.T) {
	ctx := browser(t)
	t.Run("the watch sees requests and errors", func(t *testing.T) {
		v := open(t, ctx, `<!doctype html><link rel="icon" href="data:,"><img src="missing.png"><script>console.error("bad"); throw new Error("worse")</script>`, true)
		if requests, said := v.seen(); len(requests) < 2 || len(said) < 2 {
			t.Errorf("requests %q, console %q", requests, said)
		}
	})
	sessions := []struct {
		name string
		make func() (results.Session, []results.Run)
	}{
		{"boots", func() (results.Session, []results.Run) { return resultstest.Session(6) }},
		{"joins", func() (results.Session, []results.Run) { return resultstest.JoinSession(6, results.JoinWarm) }},
		{"hostile", hostileSession},
	}
	if testing.Short() {
		sessions = sessions[2:]
	}
	for _, session := range sessions {
		t.Run(session.name, func(t *testing.T) {
			s, runs := session.make()
			v := open(t, ctx, html(t, s, runs), true)
			checkText(t, v)
			checkColours(t, v, session.name)
			checkData(t, v, s, runs)
			checkZoom(t, v)
			checkPaper(t, v, session.name)
			if requests, said := v.seen(); len(requests) != 1 || len(said) > 0 {
				t.Errorf("it asked for %q and told the console %q", requests, said)
			}
			if title := ask[string](t, v, "document.title"); !strings.HasPrefix(title, "distrolab: ") {
				t.Errorf("its title is %q", title)
			}
			if n := ask[int](t, v, "document.querySelectorAll('img,iframe,object,embed,link,form').length"); n > 0 {
				t.Errorf("it has %d elements that a guest could have made", n)
			}
		})
	}
	if path := os.Getenv("REPORT_FILE"); path != "" {
		t.Run("REPORT_FILE", func(t *testing.T) {
			page, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			v := open(t, ctx, string(page), true)
			checkText(t, v)
			checkColours(t, v, "file")
			checkZoom(t, v)
			checkPaper(t, v, "file")
			if requests, said := v.seen(); len(requests) != 1 || len(said) > 0 {
				t.Errorf("it asked for %q and told the console %q", requests, said)
			}
		})
	}
	t.Run("without its script", func(t *testing.T) {
		s, runs := resultstest.Session(6)
		v := open(t, ctx, html(t, s, runs), false)
		checkText(t, v)
		if n := ask[int](t, v, "document.querySelectorAll('.timeline circle').length"); n < 100 {
			t.Errorf("timelines have %d marks", n)
		}
		ask[bool](t, v, "document.querySelector('details.run').open = true")
		if n := ask[int](t, v, "document.querySelectorAll('button').length"); n > 0 {
			t.Error("there are buttons that do nothing")
		}
	})
}

// checkText: each picture has a name and a description, and each number that a
// mark of it has is in a table of the page too.
func checkText(t *testing.T, v *visit) {
	t.Helper()
	type picture struct{ Name, Text string }
	pictures := ask[[]picture](t, v, `[...document.querySelectorAll("svg.plot")].map(p => {
		const words = a => (document.getElementById(p.getAttribute(a)) || {}).textContent || "";
		return { Name: words("aria-labelledby"), Text: words("aria-describedby") };
	})`)
	if len(pictures) < 4 {
		t.Errorf("%d pictures", len(pictures))
	}
	for _, p := range pictures {
		if len(p.Name) < 10 || len(p.Text) < 10 {
			t.Errorf("a picture is told as %q: %q", p.Name, p.Text)
		}
	}
	missing := ask[[]string](t, v, `(() => {
		const text = [...document.querySelectorAll("table,dl")].map(t => t.textContent).join(" ");
		const tips = [...document.querySelectorAll("svg.plot circle > title, svg.plot rect > title")].map(e => e.textContent);
		if (tips.length < 20) return ["only " + tips.length + " marks"];
		return tips.filter(tip => { const n = tip.match(/[0-9.]+ s\b/g); return n && !text.includes(n[n.length - 1]); });
	})()`)
	if len(missing) > 0 {
		t.Errorf("%d marks have numbers that are in no table, such as %q", len(missing), missing[0])
	}
	if n := ask[int](t, v, `document.querySelectorAll("[id]").length - new Set([...document.querySelectorAll("[id]")].map(e => e.id)).size`); n != 0 {
		t.Errorf("%d ids are not unique", n)
	}
}

// checkColours: light, dark and paper differ as they should, and text can be
// read in each.
func checkColours(t *testing.T, v *visit, name string) {
	t.Helper()
	const faint = `(() => {
		const rgb = c => c.match(/[0-9.]+/g).map(Number);
		const light = c => rgb(c).slice(0, 3).map(x => x / 255).map(x => x <= 0.03928 ? x / 12.92 : Math.pow((x + 0.055) / 1.055, 2.4))
			.reduce((sum, x, i) => sum + x * [0.2126, 0.7152, 0.0722][i], 0);
		const behind = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor; if ((rgb(c)[3] ?? 1) > 0) return c; } return "rgb(255,255,255)"; };
		const list = [];
		for (const e of document.querySelectorAll("h1,h2,h3,p,th,td,dt,dd,li,summary,.tag,svg text,button,output")) {
			if (!e.textContent.trim() || e.closest("details.run ~ details.run")) continue;
			const style = getComputedStyle(e), over = light(behind(e)), of = light(e instanceof SVGElement ? style.fill : style.color);
			const contrast = (Math.max(over, of) + 0.05) / (Math.min(over, of) + 0.05);
			if (contrast < 4.5) list.push(e.tagName + "." + (e.className.baseVal ?? e.className) + " " + contrast.toFixed(2) + ": " + e.textContent.slice(0, 30));
		}
		return list;
	})()`
	grounds := map[string]string{}
	for _, look := range []struct{ name, media, scheme string }{{"light", "screen", "light"}, {"dark", "screen", "dark"}, {"paper", "print", "dark"}} {
		media(t, v, look.media, look.scheme)
		grounds[look.name] = ask[string](t, v, "getComputedStyle(document.body).backgroundColor")
		if list := ask[[]string](t, v, faint); len(list) > 0 {
			t.Errorf("%s: %d texts are faint: %q", look.name, len(list), list[:min(3, len(list))])
		}
		if look.media == "screen" && os.Getenv("REPORT_SHOTS") != "" {
			shot, err := chromedp.Run(v.ctx, chromedp.FullScreenshot(100))
			if err != nil {
				t.Fatal(err)
			}
			keep(t, name+"-"+look.name+".png", shot)
		}
	}
	if grounds["light"] == grounds["dark"] || grounds["paper"] != "rgb(255, 255, 255)" {
		t.Errorf("backgrounds %v", grounds)
	}
	media(t, v, "screen", "light")
}

// checkData: the page carries the session and its runs, whole.
func checkData(t *testing.T, v *visit, s results.Session, runs []results.Run) {
	t.Helper()
	var data struct {
		Session    results.Session
		Runs       []results.Run
		Comparison json.RawMessage
	}
	if err := json.Unmarshal([]byte(ask[string](t, v, `document.getElementById("distrolab-data").textContent`)), &data); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(s, data.Session); diff != "" {
		t.Errorf("the session in the page differs (-it +page):\n%s", diff)
	}
	if diff := cmp.Diff(runs, data.Runs); diff != "" {
		t.Errorf("the runs in the page differ (-they +page):\n%.2000s", diff)
	}
	if !strings.Contains(string(data.Comparison), results.ComparisonSchema) {
		t.Errorf("the comparison in the page is %.200s", data.Comparison)
	}
}

// checkZoom opens a run and makes its timeline wider: marks move, what was to
// be seen is told, and the way back leads to where it was.
func checkZoom(t *testing.T, v *visit) {
	t.Helper()
	const places = `[...document.querySelectorAll("details.run")][0].querySelectorAll("circle").values().map(c => c.getAttribute("cx")).toArray().join(" ")`
	press := func(label string) (string, string) {
		t.Helper()
		ask[bool](t, v, `(() => { document.querySelector("details.run button[aria-label='`+label+`']").click(); return true; })()`)
		return ask[string](t, v, places), ask[string](t, v, `document.querySelector("details.run output").textContent`)
	}
	if err := chromedp.Do(v.ctx, chromedp.Click("details.run > summary", chromedp.NodeVisible), chromedp.WaitVisible("details.run button")); err != nil {
		t.Fatal(err)
	}
	whole, range0 := press("show the whole run")
	near, range1 := press("zoom in")
	later, range2 := press("later")
	again, range3 := press("show the whole run")
	if whole == near || near == later || range0 == range1 || range1 == range2 || again != whole || range3 != range0 {
		t.Errorf("zoom shows %s, %s, %s, %s", range0, range1, range2, range3)
	}
	if n := ask[int](t, v, `document.querySelectorAll("details.run .axis text").length`); n < 3 {
		t.Errorf("the axis has %d numbers", n)
	}
}

// checkPaper prints the page.
func checkPaper(t *testing.T, v *visit, name string) {
	t.Helper()
	pdf, err := chromedp.Run(v.ctx, chromedp.PrintToPDF(chromedp.PDFPaper(chromedp.PaperA4), chromedp.PDFPrintBackground()))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(pdf), "%PDF-") || len(pdf) < 20_000 {
		t.Errorf("the print has %d bytes", len(pdf))
	}
	keep(t, name+".pdf", pdf)
}

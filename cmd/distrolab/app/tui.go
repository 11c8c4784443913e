package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"distrolab/distros/score"
	"distrolab/labs/home"
	"distrolab/tui"
	"distrolab/tui/bench"
	"distrolab/tui/catalog"
	"distrolab/tui/compare"
	"distrolab/tui/config"
	"distrolab/tui/lab"
	"distrolab/tui/result"
	"distrolab/tui/screen"
	"distrolab/tui/style"
)

// screens are the rooms of the app, in the order of their number keys. Each has
// its wiring in tui_<screen>.go.
func (a *application) screens(shared *screen.Shared, measuring *sessions, kept *shelf) []screen.Screen {
	return []screen.Screen{
		// one line for each screen, in the order of screen's constants
		catalog.New(shared, catalogScreen{a}),
		compare.New(shared, catalogScreen{a}),
		config.New(shared, newConfigScreen(a)),
		lab.New(shared, labScreen{a}),
		bench.New(shared, benchScreen{a, measuring, kept}),
		result.New(shared, resultScreen{a, kept}),
	}
}

// appOptions are the flags of the app.
type appOptions struct {
	plain         bool
	glyphs, theme string
}

func appFlags(cmd *cobra.Command, o *appOptions) {
	cmd.Flags().BoolVar(&o.plain, "plain", false, "the app as lines of text: for screen readers, logs and dumb terminals")
	cmd.Flags().StringVar(&o.glyphs, "glyphs", "", "characters to draw with: unicode, block or ascii (default: by locale and terminal)")
	cmd.Flags().StringVar(&o.theme, "theme", "auto", "background of the terminal: light, dark, or auto to ask it")
	cmd.RegisterFlagCompletionFunc("glyphs", cobra.FixedCompletions([]string{"unicode", "block", "ascii"}, cobra.ShellCompDirectiveNoFileComp))
	cmd.RegisterFlagCompletionFunc("theme", cobra.FixedCompletions([]string{"auto", "light", "dark"}, cobra.ShellCompDirectiveNoFileComp))
}

// runApp shows the app: in the terminal, or as plain lines where there is none.
func (a *application) runApp(ctx context.Context, o appOptions) error {
	theme := tui.Theme(o.theme)
	if theme != tui.Auto && theme != tui.Dark && theme != tui.Light {
		return usage(fmt.Errorf("--theme %q: take auto, light or dark", o.theme))
	}
	look, err := a.look(o)
	if err != nil {
		return err
	}
	catalog, err := a.catalog()
	if err != nil {
		return err
	}
	h, err := home.For(a.world.UID, a.world.Getenv)
	if err != nil {
		return cannot(err)
	}
	memory := &memory{path: filepath.Join(h.Data, "app.json")}
	data, err := memory.load()
	state, news := tui.Decode(data, catalog)
	if err != nil {
		news = append(news, "what was kept from the last time cannot be read: "+err.Error())
	}
	shared := &screen.Shared{Catalog: catalog, Now: a.world.Now, Profile: score.Default, Weights: map[string]float64{}}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	inner, measuring := a.quiet(h), newSessions()
	kept := &shelf{a: inner}
	model := tui.New(ctx, shared, inner.screens(shared, measuring, kept), tui.Options{Look: look, Theme: theme,
		Facts: func(ctx context.Context) tui.Facts { return facts(ctx, h) }, State: state, News: news, Memory: memory})
	err = a.showApp(ctx, model, o)
	measuring.close(func() { fmt.Fprintln(a.world.Err, "ending the session: its machine is taken back") })
	err = errors.Join(err, kept.close())
	a.sayRunning(ctx, h)
	return err
}

// showApp chooses between the picture and the lines. Without a terminal to
// write to nobody can answer, unless lines were asked for by name.
func (a *application) showApp(ctx context.Context, m *tui.Model, o appOptions) error {
	in, out := interactive(a.world.In), a.world.OutWidth > 0
	if in && out && !o.plain && a.world.Getenv("TERM") != "dumb" {
		return tui.Run(ctx, m, tui.Terminal{In: a.world.In, Out: a.world.Out, Environ: os.Environ()})
	}
	p := tui.Plain{Out: a.world.Out, Width: a.world.OutWidth, Person: in && out}
	if o.plain || in && out {
		p.In = a.world.In
	}
	return tui.RunPlain(ctx, m, p)
}

// look is what the terminal can show, unless flags say otherwise.
func (a *application) look(o appOptions) (screen.Look, error) {
	v := a.view()
	if o.glyphs != "" {
		g, err := style.GlyphsNamed(o.glyphs)
		if err != nil {
			return screen.Look{}, usage(err)
		}
		v.glyphs = g
	}
	return screen.Look{Glyphs: v.glyphs, Styles: style.NewStyles(tui.Theme(o.theme) != tui.Light, v.styles.Profile)}, nil
}

// quiet is the application with its log in a file of the home, since a line on
// standard error would land in the picture.
func (a *application) quiet(h home.Home) *application {
	inner := *a
	out := &lateFile{path: filepath.Join(h.Data, "app.log")}
	inner.world.Err = out
	slog.SetDefault(slog.New(slog.NewTextHandler(out, nil)))
	log.SetOutput(out)
	return &inner
}

// sayRunning is the line after the app: what goes on and how it ends.
func (a *application) sayRunning(ctx context.Context, h home.Home) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	switch names := facts(ctx, h).Running; len(names) {
	case 0:
	case 1:
		fmt.Fprintf(a.world.Out, "lab %s goes on running; `distrolab down %s` ends it\n", names[0], names[0])
	default:
		fmt.Fprintf(a.world.Out, "labs %s go on running; `distrolab down LAB` ends one\n", strings.Join(names, ", "))
	}
}

// interactive says whether a stream is a terminal.
func interactive(stream any) bool {
	f, is := stream.(*os.File)
	return is && term.IsTerminal(int(f.Fd()))
}

// memory is the file of what the app keeps between starts.
type memory struct {
	path string
	mu   sync.Mutex
}

// load reads it, or nothing where there is none; one byte too many is read, so
// that too large a file is known as such.
func (m *memory) load() ([]byte, error) {
	f, err := os.Open(m.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, tui.MaximumState+1))
}

// Store replaces the file whole, or leaves it.
func (m *memory) Store(state []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := os.MkdirAll(filepath.Dir(m.path), 0o711); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(m.path), ".app.json.*") // mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(state)
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), m.path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// lateFile is a log that is made when something is first written to it. A log
// that cannot be written is no reason to stop.
type lateFile struct {
	path string
	mu   sync.Mutex
	file *os.File
}

func (l *lateFile) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		f, err := os.OpenFile(l.path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
		if err != nil {
			return len(p), nil //nolint:nilerr // see above
		}
		l.file = f
	}
	return l.file.Write(p)
}

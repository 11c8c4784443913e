package app

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"

	"distrolab/provision"
)

// maxFiles bounds a directory that is validated.
const maxFiles = 1000

// filesBelow replaces directories by the files in them. Links in a directory
// are not followed, hidden files and Talos's secrets are left out.
func filesBelow(paths []string) ([]string, error) {
	var files []string
	for _, path := range paths {
		info, err := os.Stat(path)
		if path == "-" || err != nil || !info.IsDir() {
			files = append(files, path) // reading it says what is wrong
			continue
		}
		before := len(files)
		err = filepath.WalkDir(path, func(at string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case at != path && strings.HasPrefix(entry.Name(), "."):
				if entry.IsDir() {
					return fs.SkipDir
				}
				return nil
			case !entry.Type().IsRegular() || entry.Name() == secretsName:
				return nil
			case len(files) >= maxFiles:
				return fmt.Errorf("it holds more than %d files; name those to check", maxFiles)
			}
			files = append(files, at)
			return nil
		})
		if err != nil {
			return nil, usage(fmt.Errorf("reading the directory %s: %w", path, err))
		}
		if len(files) == before {
			return nil, usage(fmt.Errorf("the directory %s holds no files to check", path))
		}
	}
	return files, nil
}

// printVerdict prints findings as a compiler does, with the line and a caret,
// then what was checked and by what.
func (a *application) printVerdict(v verdict) error {
	look := a.view()
	var lines []string
	for _, file := range v.Files {
		source := strings.Split(strings.ReplaceAll(file.text, "\r\n", "\n"), "\n")
		for _, f := range file.Findings {
			lines = append(lines, look.finding(file.File, f)...)
			lines = append(lines, look.excerpt(source, f.Line, f.Column)...)
		}
	}
	return printLines(a.world.Out, append(lines, look.summary(v)...))
}

// finding is file:line:column: error: message. It is not folded: editors read it.
func (v view) finding(file string, f provision.Finding) []string {
	place := v.glyphs.Clean(file)
	if f.Line > 0 {
		place += fmt.Sprintf(":%d", f.Line)
		if f.Column > 0 {
			place += fmt.Sprintf(":%d", f.Column)
		}
	}
	look := v.styles.Err
	if f.Severity != provision.SeverityError {
		look = v.styles.Warn
	}
	message := strings.TrimSpace(f.Message)
	if f.Path != "" {
		message = f.Path + ": " + message
	}
	first, rest, _ := strings.Cut(message, "\n")
	lines := []string{place + ": " + look.Render(f.Severity+":") + " " + v.glyphs.Clean(first)}
	for line := range strings.Lines(rest) {
		lines = append(lines, "    "+v.line(strings.TrimRight(line, "\n")))
	}
	return lines
}

// excerpt is the source line and a caret below the column, which counts from 1.
// Tokens in the line are hidden; a caret inside one stands at its beginning.
func (v view) excerpt(source []string, line, column int) []string {
	if line < 1 || line > len(source) || strings.TrimSpace(source[line-1]) == "" {
		return nil
	}
	const most = 1000 // bytes of a line that are looked at
	text := source[line-1]
	start := max(0, min(column-1, len(text))-most/2)
	text = valid(text[start:min(len(text), start+most)])
	column = min(column-start, len(text)+1)
	hidden := provision.HideTokens(text)
	if hidden != text {
		same := 0
		for same < min(len(hidden), len(text)) && hidden[same] == text[same] {
			same++
		}
		column = min(column, same+1)
	}
	head := cells(v.glyphs.Clean(hidden[:max(0, min(column-1, len(hidden)))]))
	shown := v.glyphs.Clean(hidden)
	room := max(20, v.width-9)
	left := max(0, min(head-room/2, cells(shown)-room))
	number := fmt.Sprintf("%5d %s ", line, v.glyphs.Vertical)
	lines := []string{v.styles.FgMuted.Render(number) + ansi.Cut(shown, left, left+room)}
	if column > 0 {
		lines = append(lines, v.styles.FgMuted.Render("      "+v.glyphs.Vertical+" ")+strings.Repeat(" ", head-left)+v.styles.Accent.Render("^"))
	}
	return lines
}

// valid replaces each byte that is no UTF-8, so that columns stay where they are.
func valid(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		if r == utf8.RuneError && size == 1 {
			b.WriteByte('?')
		} else {
			b.WriteString(text[i : i+size])
		}
		i += size
	}
	return b.String()
}

// summary says what was checked, by what, and what came of it.
func (v view) summary(result verdict) []string {
	what := result.Format
	if result.Release != "" {
		what += " of release " + result.Release
	}
	var names []string
	for _, f := range result.Files {
		names = append(names, f.File)
	}
	files := strings.Join(names, ", ")
	if len(names) > 4 {
		files = plural(len(names), "file")
	}
	checked := fmt.Sprintf("%s, as %s for %s, checked by %s", files, what, result.Distro, result.Checked)
	mark, look := v.glyphs.Check+" clean: ", v.styles.OK
	switch {
	case result.Errors > 0:
		mark, look = v.glyphs.Cross+" "+plural(result.Errors, "error")+alsoWarnings(result.Warnings)+": ", v.styles.Err
	case result.Warnings > 0:
		mark, look = v.glyphs.Warn+" "+plural(result.Warnings, "warning")+": ", v.styles.Warn
	}
	var lines []string
	for _, line := range fold(v.glyphs.Clean(mark+checked), v.width) {
		lines = append(lines, look.Render(line))
	}
	return lines
}

func alsoWarnings(n int) string {
	if n == 0 {
		return ""
	}
	return " and " + plural(n, "warning")
}

func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

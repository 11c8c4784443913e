// Package rows keeps the selection and the window of a list of any length: it
// knows numbers of rows, never the rows, so a list of 100,000 costs as much as
// one of ten. It is pure state, driven by keys and the mouse.
package rows

// List is a list with one selected row. The zero value is an empty list.
type List struct {
	count, selected, top, height int
}

// SetCount says how many rows there are; the selection stays where it can.
func (l *List) SetCount(n int) {
	l.count = max(n, 0)
	l.Select(l.selected)
}

// Count is the number of rows.
func (l *List) Count() int { return l.count }

// Selected is the selected row; -1 when there is none.
func (l *List) Selected() int {
	if l.count == 0 {
		return -1
	}
	return l.selected
}

// Select selects a row, or the nearest that there is.
func (l *List) Select(row int) {
	l.selected = max(min(row, l.count-1), 0)
	l.follow()
}

// Window says which rows are visible in a height, [from, to), with the selected
// one among them.
func (l *List) Window(height int) (from, to int) {
	l.height = max(height, 0)
	l.follow()
	return l.top, min(l.top+l.height, l.count)
}

// follow moves the window so that the selected row is in it, and no further.
func (l *List) follow() {
	if l.height > 0 {
		l.top = min(l.top, l.selected)
		l.top = max(l.top, l.selected-l.height+1)
	}
	l.top = max(min(l.top, l.count-l.height), 0)
}

// Key moves by a key, as Bubble Tea names it, and says whether it was one of
// its keys: arrows, j and k, page and half page, home and end.
func (l *List) Key(key string) bool {
	page := max(l.height-1, 1)
	switch key {
	case "up", "k":
		l.Select(l.selected - 1)
	case "down", "j":
		l.Select(l.selected + 1)
	case "pgup", "ctrl+u":
		l.Select(l.selected - page)
	case "pgdown", "ctrl+d":
		l.Select(l.selected + page)
	case "home", "g":
		l.Select(0)
	case "end", "G":
		l.Select(l.count - 1)
	default:
		return false
	}
	return true
}

// Wheel moves the selection by rows of the mouse's wheel; up is negative.
func (l *List) Wheel(by int) { l.Select(l.selected + by) }

// Click selects the row that is drawn at a line of the window, and says whether
// there is one.
func (l *List) Click(line int) bool {
	row := l.top + line
	if line < 0 || line >= l.height || row >= l.count {
		return false
	}
	l.Select(row)
	return true
}

// Above and Below are the numbers of rows before and after the window.
func (l *List) Above() int { return l.top }

// Below is the number of rows after the window.
func (l *List) Below() int { return max(l.count-l.top-l.height, 0) }

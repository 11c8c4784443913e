package terminal

// with is the pen after an SGR sequence. Blinking and hidden text are written
// like any other: nothing on the screen is to be invisible.
func (p pen) with(s *sequence) pen {
	if s.n == 0 {
		return pen{}
	}
	for i := 0; i < s.n; i++ {
		n := max(s.params[i], 0)
		switch {
		case n == 0:
			p = pen{}
		case n == 38 || n == 48:
			c, used, ok := mixture(s, i+1)
			i += used
			if ok && n == 38 {
				p.fg = c
			} else if ok {
				p.bg = c
			}
		case n >= 30 && n < 38:
			p.fg = indexed | colour(n-30)
		case n >= 90 && n < 98:
			p.fg = indexed | colour(n-90+8)
		case n >= 40 && n < 48:
			p.bg = indexed | colour(n-40)
		case n >= 100 && n < 108:
			p.bg = indexed | colour(n-100+8)
		case n == 39:
			p.fg = 0
		case n == 49:
			p.bg = 0
		default:
			p.attrs = p.attrs.with(n)
		}
	}
	return p
}

// mixture reads the colour after a 38 or 48, and how many parameters it took.
func mixture(s *sequence, i int) (c colour, used int, ok bool) {
	byteAt := func(j int) colour { return colour(min(s.param(j, 0), 255)) }
	switch {
	case i >= s.n:
		return 0, 0, false
	case s.params[i] == 5:
		return indexed | byteAt(i+1), 2, true
	case s.params[i] != 2:
		return 0, 1, false
	}
	first := i + 1
	if first < s.n && s.params[first] == -1 { // 38:2::r:g:b has an empty colour space
		first++
	}
	return mixed | byteAt(first)<<16 | byteAt(first+1)<<8 | byteAt(first+2), first + 2 - i + 1, true
}

func (a attribute) with(n int) attribute {
	switch n {
	case 1:
		return a | bold
	case 2:
		return a | faint
	case 3:
		return a | italic
	case 4, 21:
		return a | underline
	case 7:
		return a | reverse
	case 9:
		return a | strike
	case 22:
		return a &^ (bold | faint)
	case 23:
		return a &^ italic
	case 24:
		return a &^ underline
	case 27:
		return a &^ reverse
	case 29:
		return a &^ strike
	}
	return a
}

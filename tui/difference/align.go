package difference

// linePair is a line of each of two texts. The mark is ' ' for equal lines,
// '|' for two that differ, '<' and '>' for one that the other text has not.
type linePair struct {
	left, right string
	mark        rune
}

// maxAligned bounds the work of aligning; the lines of longer texts are paired
// as they come.
const maxAligned = 4 << 20

// aligned sets equal lines beside each other, by the longest sequence that both
// texts have.
func aligned(a, b []string) []linePair {
	if len(a)*len(b) > maxAligned {
		return asTheyCome(a, b)
	}
	length := lengths(a, b)
	var pairs []linePair
	var left, right []string // lines since the last equal ones
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			pairs = append(unequal(pairs, left, right), linePair{a[i], b[j], ' '})
			left, right = nil, nil
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && length[i+1][j] >= length[i][j+1]:
			left = append(left, a[i])
			i++
		default:
			right = append(right, b[j])
			j++
		}
	}
	return unequal(pairs, left, right)
}

// lengths says for every two ends of the texts how many lines they have in
// common, in order.
func lengths(a, b []string) [][]int32 {
	table := make([][]int32, len(a)+1)
	for i := range table {
		table[i] = make([]int32, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				table[i][j] = table[i+1][j+1] + 1
			} else {
				table[i][j] = max(table[i+1][j], table[i][j+1])
			}
		}
	}
	return table
}

// unequal adds lines that differ, beside each other.
func unequal(pairs []linePair, left, right []string) []linePair {
	for n := range max(len(left), len(right)) {
		mark := '|'
		switch {
		case n >= len(right):
			mark = '<'
		case n >= len(left):
			mark = '>'
		}
		pairs = append(pairs, linePair{at(left, n), at(right, n), mark})
	}
	return pairs
}

// asTheyCome pairs lines by their numbers.
func asTheyCome(a, b []string) []linePair {
	pairs := unequal(nil, a, b)
	for i := range pairs {
		if i < len(a) && i < len(b) && a[i] == b[i] {
			pairs[i].mark = ' '
		}
	}
	return pairs
}

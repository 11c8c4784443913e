// Package spelling says how near two words are, for errors that suggest what a
// person may have meant. It is pure and imports nothing of distrolab.
package spelling

// Distance is the edit distance (Levenshtein): the least number of single bytes
// to insert, delete or replace to get from a to b. It takes len(a)*len(b)
// steps, so callers bound what comes from outside.
func Distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

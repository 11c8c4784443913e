package session

import "math/rand/v2"

// maxSeed keeps the seed exact in every JSON reader.
const maxSeed = 1 << 53

// Order lays out the blocks: each holds every subject once, shuffled. The same
// seed always gives the same order (PCG of math/rand/v2).
func Order(seed uint64, subjects, blocks int) [][]int {
	r := rand.New(rand.NewPCG(seed, 0))
	order := make([][]int, blocks)
	for i := range order {
		order[i] = r.Perm(subjects)
	}
	return order
}

// NewSeed draws a seed that a session can store.
func NewSeed() uint64 { return rand.Uint64N(maxSeed) }

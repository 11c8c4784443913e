package session

import "math/rand/v2"

// Limits of an experiment.
const (
	MaxSystems = 99 // each machine has its address in a network of 254
	MaxBlocks  = 10_000
	MaxWarmups = 100
	MaxSeed    = 1 << 53 // seeds are below it, exact in every JSON reader
)

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

// NewSeed draws a seed that a session can store; never 0, which asks for one.
func NewSeed() uint64 { return rand.Uint64N(MaxSeed-1) + 1 }

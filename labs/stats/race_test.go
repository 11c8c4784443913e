//go:build race

package stats_test

// racing: the race detector makes simulations ten times as slow and finds
// nothing in them.
const racing = true

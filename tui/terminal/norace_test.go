//go:build !race

package terminal

// raceDetector says whether the tests run with it.
const raceDetector = false

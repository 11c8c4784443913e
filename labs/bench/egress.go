package bench

import "fmt"

// egress says what became of the bytes that a guest addressed to the outside.
func egress(addressed int64, isolated bool) (left, refused int64) {
	if isolated {
		return 0, addressed
	}
	return addressed, 0
}

// egressTaint says why a run is not valid of which so many bytes left, or "".
func egressTaint(left int64) string {
	if left == 0 {
		return ""
	}
	return fmt.Sprintf("%d bytes left for the internet: what came back is not the system's own time", left)
}

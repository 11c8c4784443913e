package image

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// QCOW2 is what the header of a qcow2 file says. The format is described in
// QEMU's docs/interop/qcow2.rst.
type QCOW2 struct {
	Version     int   // 2 or 3
	VirtualSize int64 // bytes the guest sees
	ClusterBits int   // a cluster has 1<<ClusterBits bytes
}

// The limits of a header that we accept.
const (
	qcow2HeaderBytes = 104      // of version 3; version 2 has 72
	maxVirtualSize   = 64 << 40 // no lab disk is larger than 64 TiB
)

// Bits of a version 3 header's incompatible features.
const (
	qcow2Dirty        = 1 << 0 // reference counts need repair, which QEMU does
	qcow2Corrupt      = 1 << 1
	qcow2ExternalData = 1 << 2
	qcow2Compression  = 1 << 3 // compression other than deflate
	qcow2ExtendedL2   = 1 << 4
)

// ReadQCOW2 reads and checks the header of a qcow2 file. It refuses whatever
// would make QEMU open another file (a backing file, an external data file),
// because the file would then name any file of this machine, and encrypted or
// corrupt images, which cannot boot.
func ReadQCOW2(r io.ReaderAt) (QCOW2, error) {
	h := make([]byte, qcow2HeaderBytes)
	n, err := r.ReadAt(h, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return QCOW2{}, fmt.Errorf("reading the qcow2 header: %w", err)
	}
	if n < 72 || string(h[:4]) != "QFI\xfb" {
		return QCOW2{}, errors.New("it does not start as a qcow2 image does")
	}
	u32, u64 := binary.BigEndian.Uint32, binary.BigEndian.Uint64
	version, clusterBits := u32(h[4:]), u32(h[20:])
	backing, size, crypt := u64(h[8:]), u64(h[24:]), u32(h[32:])
	if version != 2 && version != 3 {
		return QCOW2{}, fmt.Errorf("qcow2 version %d is not 2 or 3", version)
	}
	var features uint64
	if version == 3 {
		if n < qcow2HeaderBytes {
			return QCOW2{}, errors.New("the qcow2 header is cut off")
		}
		features = u64(h[72:])
	}
	switch {
	case backing != 0:
		return QCOW2{}, errors.New("the qcow2 image names a backing file, so it is incomplete and could read any file of this machine")
	case features&qcow2ExternalData != 0:
		return QCOW2{}, errors.New("the qcow2 image keeps its data in another file, so it is incomplete and could read any file of this machine")
	case crypt != 0:
		return QCOW2{}, errors.New("the qcow2 image is encrypted")
	case features&qcow2Corrupt != 0:
		return QCOW2{}, errors.New("the qcow2 image is marked corrupt")
	case features&^(qcow2Dirty|qcow2Corrupt|qcow2ExternalData|qcow2Compression|qcow2ExtendedL2) != 0:
		return QCOW2{}, fmt.Errorf("the qcow2 image needs features this program does not know (%#x)", features)
	case clusterBits < 9 || clusterBits > 21:
		return QCOW2{}, fmt.Errorf("the qcow2 image has clusters of 2^%d bytes, which QEMU does not accept", clusterBits)
	case size == 0 || size > maxVirtualSize:
		return QCOW2{}, fmt.Errorf("the qcow2 image says it holds %d bytes", size)
	}
	return QCOW2{Version: int(version), VirtualSize: int64(size), ClusterBits: int(clusterBits)}, nil
}

// Package image keeps bootable images that were verified: it fetches, unpacks,
// checks and stores them by their content, and protects those in use.
//
// It touches the store's own directory, the files an image is added from, the
// directory a kit is written to, and, when told to fetch, the network through
// the client it is given. What it reads from outside (manifests, kits, images,
// servers) is hostile until checked.
//
// # One pass
//
// The bytes of a served file pass once: from several connections they come into
// order, and from there each block goes at the same time to the digests, to the
// signature, to the decompressor and to the unfinished download; what the
// decompressor gives goes at the same time to the file and to its SHA-256.
// Nothing is read a second time unless a download was broken off.
//
// # Going on after a break
//
// A kill leaves no state of a decompressor that another process could go on
// with, so a download of a compressed file keeps the bytes as served until the
// pull ends. They are written beside the pass, never synced, and only read
// after a break; mostly they are removed before the kernel has written them to
// the disk. Of a file that is served as it is, what is kept is the final file.
// What is kept is found by the digest that is expected, so another mirror can
// go on with it; it is hashed again, and the digest decides in the end. Bytes
// that came before a break and turn out wrong are fetched again once.
//
// # Durability
//
// Waiting until a disk has everything would often take longer than the pull.
// An image is noted as fresh instead; see fresh.go for what that means.
package image

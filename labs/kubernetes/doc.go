// Package kubernetes holds Kubernetes for labs: bundles of one version, each
// with an archive that a node unpacks and the images that a cluster pulls. It
// composes bundles, keeps them in a store, fetches official releases, and serves
// a bundle's images to a lab by a read-only registry.
//
// It reads and writes the directories that it is told, and asks servers only
// when it pulls. Nothing of a bundle that came from elsewhere is used before its
// digests were checked.
package kubernetes

package signature

// vendorKeys lists the key files that distrolab carries.
func vendorKeys() []vendorKey {
	return []vendorKey{}
}

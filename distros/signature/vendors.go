package signature

// vendorKeys lists the key files that distrolab carries. Each was read from a
// public repository, and its primary fingerprints were compared with a second,
// independent one. Encryption subkeys, foreign certifications and, of Flatcar,
// the subkeys that expired before 2025 are left out; nothing else is changed.
func vendorKeys() []vendorKey {
	return []vendorKey{
		{
			name: "flatcar", vendor: "Flatcar Container Linux",
			primary: []string{"F88CFEDEFF29A5B4D9523864E25D9AED0593B34A"},
			source:  "flatcar/init:bin/flatcar-install (commit 0765e955aca2)",
			checked: "flatcar/flatcar-website:static/security/image-signing-key/Flatcar_Image_Signing_Key.asc",
			day:     "2026-11-26",
		},
		{
			name: "fedora", vendor: "Fedora 43 to 46, and Fedora CoreOS",
			primary: []string{
				"C6E7F081CF80E13146676E88829B606631645531",
				"36F612DCF27F7D1A48A835E4DBFCF71C6D9F90A6",
				"4F50A6114CD5C6976A7F1179655A4B02F577861E",
				"D924B10D3E810DABDD8B56B596E7E91491211FCE",
			},
			source:  "rpm-software-management/distribution-gpg-keys:keys/fedora/RPM-GPG-KEY-fedora-{43,44,45,46}-primary",
			checked: "coreos/coreos-installer:src/signing-keys.asc (43 to 45), weaveplatform/imageweave:pkg/catalog (43, 44) and other verifiers that pin the same",
			day:     "2026-11-26",
		},
		{
			name: "ubuntu-cloudimage", vendor: "Ubuntu cloud images (SHA256SUMS.gpg and simplestreams)",
			primary: []string{
				"D2EB44626FDDC30B513D5BB71A5D6C4C7DB87C81",
				"4A3CE3CD565D7EB5C810E2B97FF3F408476CF100",
			},
			source:  "a public Swift project that embeds the first; philroche/simplestreams-clone:examples/keys/cloud-images.pub for the second",
			checked: "ubuntu.com/docs/public-images/public-images-how-to/verify-image-checksum, as several verifiers cite it; the README of simplestreams-clone",
			day:     "2026-11-26",
		},
		{
			name: "centos-7", vendor: "CentOS 7",
			primary: []string{"6341AB2753D78A78A7C27BB124C6A8A7F4A80EB5"},
			source:  "elfchief/rhel7-kernel-backport:RPM-GPG-KEY-CentOS-7",
			checked: "centos.org/keys, as several verifiers cite it",
			day:     "2026-11-26",
		},
		{
			name: "rocky-9", vendor: "Rocky Linux 9",
			primary: []string{"21CB256AE16FC54C6E652949702D426D350D275D"},
			source:  "a public build script that embeds it",
			checked: "rocky-linux/checksums:keys/fingerprints",
			day:     "2026-11-26",
		},
		{
			name: "almalinux-9", vendor: "AlmaLinux 9",
			primary: []string{"BF18AC2876178908D6E71267D36CB86CB86B3716"},
			source:  "a public build script that embeds it",
			checked: "verifiers that pin the same",
			day:     "2026-11-26",
		},
		{
			name: "opensuse", vendor: "openSUSE",
			primary: []string{"AD485664E901B867051AB15F35A2F86E29B700A4"},
			source:  "rpm-software-management/distribution-gpg-keys:keys/opensuse/RPM-GPG-KEY-openSUSE-2022 (expires 2030-05-27)",
			checked: "verifiers that pin the same",
			day:     "2026-11-26",
		},
	}
}

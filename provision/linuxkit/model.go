package linuxkit

import "distrolab/provision/internal/shape"

// model is LinuxKit's schema of its build file (linuxkit/linuxkit,
// src/cmd/linuxkit/moby/schema.go and config.go), which refuses other keys.
func model() shape.Model {
	text, texts := shape.Text(nil), shape.List(shape.Text(nil))
	images := shape.List(image())
	return shape.Model{Root: shape.Object(map[string]shape.Shape{
		"kernel": shape.Object(map[string]shape.Shape{"image": text, "cmdline": text, "binary": text, "tar": text, "ucode": text}),
		"init":   texts, "onboot": images, "onshutdown": images, "services": images,
		"trust": shape.Object(map[string]shape.Shape{"image": texts, "org": texts}),
		"files": shape.List(shape.Object(map[string]shape.Shape{
			"path": text, "directory": shape.Bool(), "symlink": text, "contents": text, "source": text, "metadata": text,
			"optional": shape.Bool(), "mode": text, "uid": shape.Scalar(), "gid": shape.Scalar(),
		})),
		"volumes": shape.List(shape.Object(map[string]shape.Shape{"name": text, "image": text, "readonly": shape.Bool(), "format": text, "platforms": texts})),
	})}
}

// image is a container of onboot, onshutdown or services.
func image() shape.Shape {
	text, texts, words, free := shape.Text(nil), shape.List(shape.Text(nil)), shape.Map(shape.Text(nil)), shape.Any()
	fields := map[string]shape.Shape{
		"readonly": shape.Bool(), "noNewPrivileges": shape.Bool(), "oomScoreAdj": shape.Number(), "uid": shape.Scalar(), "gid": shape.Scalar(),
		"additionalGids": shape.List(shape.Scalar()), "sysctl": words, "annotations": words, "mounts": free, "devices": free, "resources": free,
		"uidMappings": free, "gidMappings": free, "runtime": free,
	}
	for _, key := range []string{"name", "image", "cwd", "net", "pid", "ipc", "uts", "userns", "hostname", "rootfsPropagation", "cgroupsPath"} {
		fields[key] = text
	}
	for _, key := range []string{"capabilities", "capabilities.add", "ambient", "binds", "binds.add", "tmpfs", "command", "env", "maskedPaths", "readonlyPaths", "rlimits"} {
		fields[key] = texts
	}
	return shape.Object(fields)
}

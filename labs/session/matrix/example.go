package matrix

import _ "embed" // the example is a file, so that a person can copy it

//go:embed example.yaml
var example string

// Example is a file to begin with.
func Example() string { return example }

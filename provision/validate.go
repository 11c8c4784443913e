package provision

// Validate checks the intent and returns all problems.
func (i Intent) Validate() error { return nil }

// InvalidIntentError lists every problem of an Intent.
type InvalidIntentError struct{ Problems []Problem }

// Problem is one thing wrong in an Intent.
type Problem struct {
	Path    string // such as users[0].name
	Message string // what is wrong and what would be right
}

// Error is one line per problem.
func (e *InvalidIntentError) Error() string { return "invalid intent" }

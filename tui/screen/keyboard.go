package screen

// Keyboard is a screen that may need every key for something else than the app,
// such as a guest's console that is attached.
type Keyboard interface {
	// TakesKeys says that it does now: then only the keys of the screen's own
	// actions are actions, and all others, ctrl+c too, reach its Update. One of
	// the actions must be the way out.
	TakesKeys() bool
}

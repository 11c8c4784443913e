package screen

// Worker is a screen with work that ends when the app ends, such as a session
// that measures. Labs are none: they outlive the app.
type Worker interface {
	// Ending is the question to ask before the app ends; false: nothing would be
	// lost. Its Do stops the work, takes back what it made, and then answers
	// with tea.QuitMsg: the frame asks it instead of quitting.
	Ending() (Question, bool)
}

package provision

import (
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// written is a Document as JSON. JSON holds text only: what is none is in
// base64, so that a lab's own file gives back every byte.
type written struct {
	Name    string `json:"name"`
	Content string `json:"content"`
	Base64  []byte `json:"content_base64,omitempty"` // instead of content
}

// MarshalJSON writes content that is no text as content_base64.
func (d Document) MarshalJSON() ([]byte, error) {
	if !utf8.ValidString(d.Content) {
		return json.Marshal(written{Name: d.Name, Base64: []byte(d.Content)})
	}
	return json.Marshal(written{Name: d.Name, Content: d.Content})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (d *Document) UnmarshalJSON(text []byte) error {
	var w written
	if err := json.Unmarshal(text, &w); err != nil {
		return fmt.Errorf("reading a document: %w", err)
	}
	d.Name, d.Content = w.Name, w.Content
	if w.Base64 != nil {
		d.Content = string(w.Base64)
	}
	return nil
}

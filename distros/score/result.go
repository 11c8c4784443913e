package score

// Result is a ranking with all that led to it.
type Result struct {
	Profile      Heading     `json:"profile"`
	Day          string      `json:"day"` // support is judged as of this day
	Criteria     []Weighted  `json:"criteria"`
	Ranking      []Place     `json:"ranking"`      // best first
	Disqualified []Place     `json:"disqualified"` // ruled out; they have no rank
	Sensitivity  Sensitivity `json:"sensitivity"`
	Notes        []string    `json:"notes"` // what the reader should know of the ranking
}

// Heading says which profile it was.
type Heading struct {
	Name  string `json:"name"`
	Title string `json:"title"`
	For   string `json:"for"`
}

// Weighted is one criterion of the profile.
type Weighted struct {
	Name    string  `json:"name"`
	Title   string  `json:"title"`
	Weight  float64 `json:"weight"`
	Max     float64 `json:"max"`                // points of 100 that it can give
	LeftOut string  `json:"left_out,omitempty"` // why it does not count here
}

// Place is one system in the ranking.
type Place struct {
	Rank   int     `json:"rank"` // 1 is best; equal totals have equal ranks; 0: ruled out
	Tied   bool    `json:"tied"` // others have the same rank
	Distro string  `json:"distro"`
	Title  string  `json:"title"`
	Kind   string  `json:"kind"`
	Total  float64 `json:"total"` // 0 to 100

	Criteria []Points     `json:"criteria"` // in the order of [Result.Criteria], those left out as well
	Against  string       `json:"against"`  // system that Costs and Gains are counted against; empty: the full marks
	Costs    []Difference `json:"costs"`    // what it loses most by, at most three
	Gains    []Difference `json:"gains"`    // what it wins most by, at most three
	Unknown  Unknown      `json:"unknown"`

	Reasons []Reason `json:"reasons"` // what rules it out
	Doubts  []Reason `json:"doubts"`  // what would rule it out if it were confirmed
}

// Points is what one criterion contributed to a total.
type Points struct {
	Name    string   `json:"name"`
	Grade   float64  `json:"grade"` // 0 to 1
	Points  float64  `json:"points"`
	Max     float64  `json:"max"`
	Answers []Answer `json:"answers"` // the facts or measurements that it was judged by
}

// Answer is one fact or measurement with its grade.
type Answer struct {
	Key         string  `json:"key"`
	Title       string  `json:"title"`
	Class       string  `json:"class,omitempty"`
	Value       string  `json:"value"` // empty: nothing is known
	Source      string  `json:"source,omitempty"`
	Checked     string  `json:"checked,omitempty"`
	Unconfirmed bool    `json:"unconfirmed,omitempty"`
	Unknown     bool    `json:"unknown"` // no confirmed class, or not measured: the grade is the profile's for that
	Grade       float64 `json:"grade"`   // 0 to 1
	Points      float64 `json:"points"`
	Max         float64 `json:"max"`
}

// Unknown sums up what is not known of a system.
type Unknown struct {
	Count int     `json:"count"` // answers without a confirmed class or measurement
	Gain  float64 `json:"gain"`  // points the total would rise by at most if all were known
	Loss  float64 `json:"loss"`  // points it would fall by at most
}

// Difference is one answer in which a system is worse or better than another.
type Difference struct {
	Criterion string  `json:"criterion"`
	Key       string  `json:"key"`
	Title     string  `json:"title"`
	Class     string  `json:"class,omitempty"`
	Value     string  `json:"value"`   // the system's own answer; empty: nothing is known
	Unknown   bool    `json:"unknown"` // nothing confirmed
	Other     string  `json:"other"`   // the other system's answer
	Points    float64 `json:"points"`
}

// Reason is one disqualifier that applies.
type Reason struct {
	Reason string `json:"reason"` // the profile's sentence
	Key    string `json:"key"`
	Title  string `json:"title"`
	Class  string `json:"class"`
	Value  string `json:"value"` // the fact's sentence
	Source string `json:"source,omitempty"`
}

// Sensitivity says how firm the first place is.
type Sensitivity struct {
	Tied  bool   `json:"tied"`  // the first place is shared: any weight in which they differ decides
	Flips []Flip `json:"flips"` // one for each criterion that counts, those that need the smallest change first
	// CouldLead are systems that would share or take the first place if every
	// fact not known of them were at its best.
	CouldLead []string `json:"could_lead"`
}

// Flip is the weight of one criterion, all others unchanged, at which another
// system draws level with the first. Beyond it, that system is first.
type Flip struct {
	Criterion string   `json:"criterion"`
	Title     string   `json:"title"`
	Weight    float64  `json:"weight"`       // now
	At        *float64 `json:"at"`           // null: this weight alone cannot change the first place
	To        string   `json:"to,omitempty"` // who is first then
}

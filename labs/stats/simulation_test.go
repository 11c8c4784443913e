package stats_test

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"distrolab/labs/stats"
)

var update = flag.Bool("update", false, "write the simulated table to "+simulationDoc)

const (
	simulationDoc   = "../../docs/statistics.md"
	simulationBegin = "<!-- simulation: go test ./labs/stats -run Simulation -update -->\n"
	simulationEnd   = "<!-- end of the simulation -->\n"
)

// figure is one question that a simulation answers with one number.
type figure struct {
	group   string
	setting string
	says    string  // the figure of the specification, as it is written there; empty: it has none
	low     float64 // limits within which the answer must lie
	high    float64
	trials  int
	// trial is one simulated session: 1 for yes and 0 for no, or a length. The
	// answer is the mean of the trials, or their quantile where one is named.
	trial    func(*rand.Rand) float64
	quantile float64
}

// answer simulates the trials. The seed depends on the setting only, so that the
// order of the figures and the number of processors change nothing.
func (f figure) answer(trials int) float64 {
	seed := uint64(14695981039346656037)
	for _, c := range []byte(f.group + f.setting) {
		seed = (seed ^ uint64(c)) * 1099511628211
	}
	rng := rand.New(rand.NewPCG(seed, 7))
	values, sum := make([]float64, trials), 0.0
	for i := range values {
		values[i] = f.trial(rng)
		sum += values[i]
	}
	if f.quantile > 0 {
		slices.Sort(values)
		return values[int(f.quantile*float64(trials))]
	}
	return sum / float64(trials)
}

// TestSimulation repeats the simulations from which the rules of an experiment
// come: how wide intervals are, how often they hold, what a session can see,
// what it costs to look too often. With -v it prints the table of
// docs/statistics.md, with -update it writes it there.
func TestSimulation(t *testing.T) {
	figures := figures()
	answers := make([]float64, len(figures))
	share := 1
	if testing.Short() || racing {
		share = 20
	}
	var wg sync.WaitGroup
	room := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i, f := range figures {
		wg.Go(func() {
			room <- struct{}{}
			defer func() { <-room }()
			answers[i] = f.answer(max(f.trials/share, 50))
		})
	}
	wg.Wait()
	for i, f := range figures {
		p := min(max(answers[i], 0.01), 0.99)
		slack := 4 * math.Sqrt(p*(1-p)/float64(max(f.trials/share, 50)))
		if share == 1 {
			slack = 0 // the limits are wide enough for the full number
		}
		if answers[i] < f.low-slack || answers[i] > f.high+slack {
			t.Errorf("%s, %s: %.3f, want %.3f to %.3f", f.group, f.setting, answers[i], f.low, f.high)
		}
	}
	table := simulationTable(figures, answers)
	t.Log("\n" + table)
	checkSimulationDoc(t, table, share == 1 && runtime.GOARCH == "amd64") // others may fuse multiplications
}

func simulationTable(figures []figure, answers []float64) string {
	var b strings.Builder
	for i, f := range figures {
		if i == 0 || figures[i-1].group != f.group {
			fmt.Fprintf(&b, "\n**%s**\n\n| setting | simulated | specification | sessions |\n|---|---|---|---|\n", f.group)
		}
		fmt.Fprintf(&b, "| %s | %.1f %% | %s | %d |\n", f.setting, 100*answers[i], f.says, f.trials)
	}
	return b.String() + "\n"
}

// checkSimulationDoc compares the table of the documentation: to the digit when
// all was simulated, and its settings always.
func checkSimulationDoc(t *testing.T, table string, full bool) {
	t.Helper()
	data, err := os.ReadFile(simulationDoc)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(data), simulationBegin)
	old, after, closed := strings.Cut(rest, simulationEnd)
	if !ok || !closed {
		t.Fatalf("%s has no place for the simulation", simulationDoc)
	}
	if full && *update {
		if err := os.WriteFile(simulationDoc, []byte(before+simulationBegin+table+simulationEnd+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if full && old != table {
		t.Errorf("%s is not what is simulated: go test ./labs/stats -run Simulation -update", simulationDoc)
	}
	if !slices.Equal(settings(old), settings(table)) {
		t.Errorf("%s lists other settings: go test ./labs/stats -run Simulation -update", simulationDoc)
	}
}

// settings are the lines of a table without the simulated figures.
func settings(table string) []string {
	var list []string
	for line := range strings.Lines(table) {
		cells := strings.Split(line, "|")
		if len(cells) == 6 && strings.HasSuffix(cells[2], "% ") {
			cells[2] = ""
		}
		list = append(list, strings.Join(cells, "|"))
	}
	return list
}

// noise draws a time whose median is 1.
type noise func(*rand.Rand) float64

// lognormal has the given coefficient of variation.
func lognormal(cv float64) noise {
	sigma := math.Sqrt(math.Log1p(cv * cv))
	return func(rng *rand.Rand) float64 { return math.Exp(sigma * rng.NormFloat64()) }
}

// bimodal is a boot that waits for a timer in 3 of 10 cases, which makes it
// longer by four times the variation.
func bimodal(cv float64) noise {
	near := lognormal(cv)
	return func(rng *rand.Rand) float64 {
		v := near(rng)
		if rng.Float64() < 0.3 {
			v *= 1 + 4*cv
		}
		return v
	}
}

func (n noise) sample(rng *rand.Rand, size int) []float64 {
	list := make([]float64, size)
	for i := range list {
		list[i] = n(rng)
	}
	return list
}

// blocks draws pairs of which B takes effect times as long.
func (n noise) blocks(rng *rand.Rand, size int, effect float64) []stats.Pair {
	list := make([]stats.Pair, size)
	for i := range list {
		list[i] = stats.Pair{A: n(rng), B: effect * n(rng)}
	}
	return list
}

func one(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

func paired(pairs []stats.Pair) stats.Ratio { return stats.PairedRatio(pairs, stats.Confidence95) }

// Package lab is the screen of the labs: their machines with state, age,
// address, ports, processor and memory, the timeline of the selected one as it
// grows, and its console, live. It starts labs from the marked distros, stops
// and starts machines, logs in, and ends labs.
//
// It holds nothing but what it was told: every effect is behind [Backend], and a
// lab goes on without it.
package lab

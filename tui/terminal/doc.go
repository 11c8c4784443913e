// Package terminal renders what a guest says on its serial console inside a
// pane of ours. A guest is hostile: its bytes move a cursor in a grid of cells
// and change cells, and nothing else. Of what it says only cells come out,
// cleaned, with our own colour sequences. Titles, clipboards, questions to the
// terminal, links and pictures are read over; a question is never answered.
//
// The grid is our own because a boot may say megabytes in a second: scrolling
// here turns a ring of rows instead of copying cells, and memory is bounded in
// rows and in bytes whatever comes. Its tests compare it with
// github.com/charmbracelet/x/vt, an emulator that knows more and is some
// hundred times slower. The package touches nothing but memory.
package terminal

// Package result is the screen of past sessions: what each found, as table and
// as pictures; two of them against each other; export and deletion. It reads
// sessions through its Backend, in commands and only those that are looked at,
// and computes nothing: the numbers are those of labs/results.
package result

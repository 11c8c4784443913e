package machine

// PrepareWith is Prepare for several configs at once, so that one boot of the
// probe guest tests many deliveries.
var PrepareWith = prepare

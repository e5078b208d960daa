package git

// ReadNumstat is for the fuzz target.
var ReadNumstat = readNumstat

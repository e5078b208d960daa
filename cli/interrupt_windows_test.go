package cli_test

// interrupt skips the test: Windows can't send Ctrl-C to one process.
func (s *shop) interrupt(string) {
	s.t.Helper()
	s.t.Skip("Ctrl-C goes to a whole console on Windows")
}

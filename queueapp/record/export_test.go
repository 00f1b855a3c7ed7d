package record

// Remembered is how many calls a screen holds in memory.
func Remembered(s *Screen) int { return max(len(s.open)+len(s.gone), len(s.forget)) }

package node

import "syscall"

func statTimes(s *syscall.Stat_t) (atime, ctime float64) {
	ms := func(t syscall.Timespec) float64 { return float64(t.Sec)*1e3 + float64(t.Nsec)/1e6 }
	return ms(s.Atim), ms(s.Ctim)
}

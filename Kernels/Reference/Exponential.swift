// The C library's exponential: the one function that the oracles do not spell out.

import Glibc

func exponential(_ x: Double) -> Double { exp(x) }

// The elementary functions that the planner needs, from the C library and nowhere else in this room.

import Foundation

/// base^exponent.
func power(_ base: Double, _ exponent: Double) -> Double { Foundation.pow(base, exponent) }
/// Natural logarithm.
func logarithm(_ value: Double) -> Double { Foundation.log(value) }
/// e^value.
func exponential(_ value: Double) -> Double { Foundation.exp(value) }
/// Square root.
func squareRoot(_ value: Double) -> Double { value.squareRoot() }

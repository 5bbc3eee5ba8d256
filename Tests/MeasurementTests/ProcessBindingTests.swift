import Machines
import Measurement
import Testing

@Suite struct ProcessBindingTests {
  @Test("a thread bound to one CPU reads that mask back, and gets its old one when asked")
  func roundTrip() throws {
    let before = try #require(ProcessBinding.current())
    let last = CPUSet([try #require(before.cpus.last)])
    #expect(ProcessBinding.bind(to: last))
    #expect(ProcessBinding.current() == last)
    #expect(ProcessBinding.bind(to: before))
    #expect(ProcessBinding.current() == before)
  }

  @Test("an empty set and a CPU that no mask can hold are refused, and the mask stays")
  func refused() {
    let before = ProcessBinding.current()
    #expect(!ProcessBinding.bind(to: CPUSet([])))
    #expect(!ProcessBinding.bind(to: CPUSet([1 << 30])))
    #expect(ProcessBinding.current() == before)
  }
}

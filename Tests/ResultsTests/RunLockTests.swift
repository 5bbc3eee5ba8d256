import Foundation
import Results
import Testing

@Suite struct RunLockTests {
  @Test("a holder that booted elsewhere is told apart, and no lock names a host")
  func elsewhere() throws {
    let scratch = try Scratch()
    let mine = try RunLock(scratch.path + "/mine")
    let text = try scratch.text(scratch.path + "/mine")
    #expect(text.contains("\nboot ") && !text.contains(ProcessInfo.processInfo.hostName))
    let held = #expect(throws: RunLock.Held.self) { try RunLock(scratch.path + "/mine") }
    #expect(held?.holder.contains("another host") == false)
    mine.release()
    let path = try scratch.write("other", "process 1 since 2026-01-01T00:00:00Z\nboot 0\n")
    let other = open(path, O_RDWR)
    defer { close(other) }
    #expect(flock(other, LOCK_EX | LOCK_NB) == 0)
    let there = #expect(throws: RunLock.Held.self) { try RunLock(path) }
    #expect(there?.holder == "process 1 since 2026-01-01T00:00:00Z, on another host")
  }
}

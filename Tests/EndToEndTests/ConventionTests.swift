// The conventions of the command line that hold for every verb.

import Foundation
import Testing

@Suite struct ConventionTests {
  @Test("help goes to standard output, names the exit statuses, and ends with 0")
  func help() throws {
    let run = try Program.run(["--help"])
    #expect(run.status == 0)
    #expect(run.out.contains("Exit status: 0 done"))
    #expect(run.err.isEmpty)
  }

  @Test("an unknown flag or verb is a usage error, 64", arguments: [["--no-such-flag"], ["no-such-verb"]])
  func usage(arguments: [String]) throws {
    let run = try Program.run(arguments)
    #expect(run.status == 64)
    #expect(run.out.isEmpty)
    #expect(!run.err.isEmpty)
  }
}

// What is wrong with an input is said, with its place and the next step.

import Tables
import Testing
import Topology

private func fault(_ input: String) throws -> String {
  do {
    _ = try Topology(input: input).machine()
    return "accepted"
  } catch let error as InputError {
    return error.description
  }
}

@Test(
  "a bad description names the word",
  arguments: [
    ("", "empty"),
    ("hello", "neither a file nor a description"),
    ("pack:2 kore:4 pu:2", "'kore' (column 8) is no level of a machine; did you mean core?"),
    ("pack:2 core:x pu:2", "'core:x' (column 8) has no positive count"),
    ("pack:0 core:4", "'pack:0' (column 1) has no positive count"),
    ("pack:-2", "'pack:-2' (column 1) has no positive count"),
    ("pack:2 core:99999999999999999999", "no positive count"),
    ("pack:9000000000000000000 core:4", "more than 16384 CPUs"),
    ("pu:16384", "more than 4096 parts into one"),
    ("pu:4 core:2", "hwloc cannot build"),
    ("core:2 pack:2 pu:1 (", "hwloc cannot build"),
  ])
func badDescription(input: String, expected: String) throws {
  #expect(try fault(input).contains(expected))
}

@Test(
  "a bad XML file is named with its line",
  arguments: [
    ("", "machine.xml:1: the file is empty"),
    ("<html></html>", "machine.xml:1: this is not hwloc XML"),
    ("{\"a\": 1}", "this is not hwloc XML"),
    (
      "<?xml version=\"1.0\"?>\n<topology version=\"3.0\">\n</topology>",
      "machine.xml:2: this is hwloc XML version 3.0"
    ),
    ("<?xml version=\"1.0\"?>\n<topology version=\"2.0\">\n<object", "machine.xml:3: the file ends before"),
    ("<topology version=\"2.0\"></topology>", "cannot read this XML"),
    (
      "<topology version=\"2.0\"><object type=\"Machine\" cpuset=\"zz\" complete_cpuset=\"zz\"></object></topology>",
      "cannot read this XML"
    ),
    ("<topology version=\"2.0\"><object type=\"Machine\"></topology>", "cannot read this XML"),
    (
      "<!DOCTYPE topology>\n<topology version=\"2.0\"></topology>", "machine.xml:1: the DOCTYPE names no file"
    ),
    (
      "<topology version=\"2.0\">\n<object type=\"Core\" cpuset=\"0x1\"/>\n</topology>",
      "machine.xml:2: an object has one of cpuset and complete_cpuset without the other"
    ),
  ])
func badXML(text: String, expected: String) throws {
  #expect(try withFile(text) { try fault($0) }.contains(expected))
}

@Test("an XML file without the ending .xml is still read as XML")
func anyName() throws {
  #expect(try withFile("<html/>", name: "pack:2") { try fault($0) }.contains("not hwloc XML"))
}

@Test("a file that is not there is an input error of the system, not a description")
func missingFile() {
  #expect(throws: (any Error).self) { _ = try Topology(input: "/nonexistent/machine.xml").machine() }
}

@Test("a folder is named as one")
func folder() throws {
  #expect(
    try withFile("x") { try fault(String($0.dropLast("/machine.xml".count))) }.contains("this is a folder"))
}

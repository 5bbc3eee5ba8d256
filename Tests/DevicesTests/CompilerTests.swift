// What the compiler of CUDA texts refuses, and what becomes of its answer.

import Devices
import FakeCUDA
import Testing

@Suite(.enabled(if: FakeCUDA.clang != nil)) struct CompilerTests {
  @Test("a text that does not compile is named with the first error, not the first warning")
  func complaint() throws {
    let compiler = try fakeCompiler(["FAIL": "nvrtcCompileProgram:1:6"])
    let error = try #require(
      refusal { _ = try compiler.compile("text", name: "norms", architecture: "sm_90") })
    #expect(
      error.reason.contains(
        "NVRTC 12.8 cannot compile norms for sm_90: NVRTC_ERROR_COMPILATION (6), text(9): error: expected a \";\""
      ),
      "\(error)")
    #expect(error.call == "nvrtcCompileProgram" && error.code == 6 && !error.isLost)
    #expect(try compiler.compile("text", name: "norms", architecture: "sm_90").log.isEmpty)
  }

  @Test("a target that the compiler does not know, or of no machine, makes no code")
  func targets() throws {
    let compiler = try fakeCompiler()
    #expect(compiler.version == (12, 8))
    #expect(try compiler.architectures().contains(90))
    let unknown = try #require(refusal { _ = try compiler.compile("", name: "a", architecture: "sm_42") })
    #expect(unknown.code == 5)
    let virtual = try #require(
      refusal { _ = try compiler.compile("", name: "a", architecture: "compute_90") })
    #expect(virtual.reason.contains("no machine code of a for compute_90"), "\(virtual)")
  }

  @Test("code for another device, or that is none, is refused when it is loaded")
  func images() throws {
    let bench = try Bench()
    let other = try NVRTC.open(bench.host.compiler).compile(kernelText, name: "a", architecture: "sm_80")
    let error = try #require(refusal { _ = try bench.context.module(other.image) })
    #expect(error.code == 209 && error.reason.contains("PLIMSOLL_CUDA_NVRTC"), "\(error)")
    #expect(refusal { _ = try bench.context.module([1, 2, 3]) }?.code == 200)
    #expect(refusal { _ = try bench.context.module([]) }?.code == 200)
    #expect(refusal { _ = try bench.module.function("none") }?.code == 500)
  }

  @Test(
    "a real compiler, where the host has one, makes machine code and says registers and spills",
    .enabled(if: (try? NVRTC.open()) != nil))
  func real() throws {
    let compiler = try NVRTC.open()
    let known = try compiler.architectures()
    for target in [80, 90, 100] where known.contains(target) {
      let text = try compiler.compile(
        kernelText, name: "kernels", architecture: "sm_\(target)", options: ["--ptxas-options=-v"])
      #expect(text.image.prefix(4) == [0x7F, 0x45, 0x4C, 0x46])
      #expect(text.log.contains("registers"), "\(text.log)")
    }
    let error = try #require(
      refusal { _ = try compiler.compile("int x = ;", name: "a", architecture: "sm_90") })
    #expect(
      error.reason.contains("NVRTC_ERROR_COMPILATION (6)") && error.reason.contains("error"), "\(error)")
    #expect(
      refusal { _ = try compiler.compile("", name: "a", architecture: "compute_90") }?.reason
        .contains("no machine code") == true)
  }
}

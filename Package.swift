// swift-tools-version: 6.2
// The floor plan. Targets stand in import order: a target imports only targets listed above it
// (`scripts/layers` holds it so). Two wings, one door: the bench wing ends at Results, a CSV file;
// the plan wing starts from that file and needs neither hwloc nor OpenBLAS.
import PackageDescription

/// Language rules of every Swift target.
let house: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .treatAllWarnings(as: .error),
]

/// A library's imports stay out of its public face unless they say `public import`.
let library = house + [.enableUpcomingFeature("InternalImportsByDefault")]

func room(_ name: String, _ dependencies: [Target.Dependency] = [], path: String? = nil) -> Target {
  .target(name: name, dependencies: dependencies, path: path, swiftSettings: library)
}

/// One target per instruction set: the folder's symlink says which text, this line says which machine. `levels`
/// are the sets that the text asks for, the module's own alone if none is said.
func kernels(_ isa: String, _ machine: String..., levels: [String] = []) -> Target {
  .target(
    name: "Kernels\(isa)", dependencies: ["CInstructions"], path: "Kernels/ISA/\(isa)",
    swiftSettings: library + (levels.isEmpty ? [isa] : levels).map { .define("ISA_\($0.uppercased())") }
      + [.unsafeFlags(["-Ounchecked"] + machine.flatMap { ["-Xcc", "-m\($0)"] })])
}

func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [String] = []) -> Target {
  .testTarget(
    name: "\(name)Tests", dependencies: dependencies, path: "Tests/\(name)Tests",
    exclude: resources, swiftSettings: house)
}

/// The source revision, as scripts that know it pass it: hexadecimal digits, with `+` where sources differ from it.
/// A plain `swift build` knows none. Only the one-file target that holds it is built again when it changes.
let revision = (Context.environment["PLIMSOLL_COMMIT"] ?? "").filter { $0.isHexDigit || $0 == "+" }

#if arch(arm64)
let isaTargets = [kernels("Baseline"), kernels("NEON")]
#else
let isaTargets = [
  kernels("Baseline"),
  kernels("AVX2", "arch=x86-64-v3"),
  kernels("AVX512", "arch=x86-64-v4"),
  kernels("AVX512BF16", "arch=cooperlake", levels: ["AVX512", "BF16"]),
  kernels("AVX512FP16", "arch=cooperlake", "avx512fp16", levels: ["AVX512", "BF16", "FP16"]),
]
#endif
let isaModules: [Target.Dependency] = isaTargets.map { .target(name: $0.name) }

let package = Package(
  name: "plimsoll",
  products: [.executable(name: "plimsoll", targets: ["plimsoll"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/LebJe/TOMLKit", exact: "0.6.0"),
  ],
  targets: [
    // Foundations
    room("Quantities"),  // units as types, intervals, figures with provenance
    room("Tables", ["Quantities"]),  // CSV in and out, schemas, printed tables
    room("Machines", ["Quantities"]),  // a machine and its placements as plain values

    // The bench wing: what does this host do?
    .systemLibrary(
      name: "CHwloc", path: "Sources/CHwloc", pkgConfig: "hwloc",
      providers: [.apt(["libhwloc-dev"])]),
    .target(name: "CProbe", path: "Sources/CProbe"),  // cpuid, pinning, optimisation barrier
    .target(  // the source revision of this build
      name: "CRevision", path: "Sources/CRevision",
      cSettings: [.define("PLIMSOLL_COMMIT", to: "\"\(revision)\"")]),
    room(  // hwloc + cgroup + cpuid -> Machine
      "Topology", ["Quantities", "Tables", "Machines", "CHwloc", "CProbe"]),
    room("Measurement", ["Quantities", "Machines", "CProbe"]),  // how a timing is taken
    .target(  // CUDA's driver and libraries, opened when a device is asked for
      name: "CCUDA", path: "Sources/CCUDA", linkerSettings: [.linkedLibrary("dl")]),
    room("Devices", ["Quantities", "CCUDA"]),  // a GPU's memory, kernels, products and sensors
    .target(name: "CInstructions", path: "Kernels/Instructions"),  // one instruction per shim
  ] + isaTargets + [  // the SIMD text, once per ISA
    room("KernelsReference", path: "Kernels/Reference"),  // Double oracles, written to be read
    .systemLibrary(
      name: "COpenBLAS", path: "Sources/COpenBLAS", pkgConfig: "openblas",
      providers: [.apt(["libopenblas-dev"])]),
    room("KernelsBLAS", ["COpenBLAS"], path: "Kernels/BLAS"),  // the same through OpenBLAS
    room(  // operation + shape + ISA -> a prepared kernel and its work
      "Kernels",
      ["Quantities", "Machines", "Measurement", "CProbe", "KernelsReference", "KernelsBLAS"] + isaModules,
      path: "Kernels/Registry"),
    .target(  // the CUDA texts, embedded
      name: "CUDATexts", path: "Kernels/CUDA",
      exclude: [
        "README.md", "instructions.cuh", "fill.cu", "memory.cu", "elementwise.cu", "decode.cuh", "decode.cu",
        "prefill.cu", "prefill_sm90.cuh", "prefill_sm90.cu", "peaks.cu", "grouped.cu",
      ],
      cSettings: [.unsafeFlags(["-std=gnu23"])]),
    room(  // the same door for a device
      "KernelsCUDA",
      ["Quantities", "Measurement", "KernelsReference", "Kernels", "Devices", "CUDATexts"],
      path: "Kernels/Device"),
    .target(  // the shape table, embedded
      name: "SuiteData", path: "Sources/SuiteData",
      exclude: ["README.md", "shapes.csv", "attention.csv", "products.csv", "accelerator.csv"],
      cSettings: [.unsafeFlags(["-std=gnu23"])]),
    room(  // which rows run
      "Suites",
      [
        "Quantities", "Tables", "Machines", "Measurement", "KernelsBLAS", "Kernels", "KernelsCUDA",
        "SuiteData",
      ]),

    // The door
    room(  // rows, journal, compare
      "Results", ["Quantities", "Tables", "Machines", "Measurement", "CRevision"]),

    // The plan wing: what would a fleet do, and cost?
    .target(  // the CSV catalogues, embedded
      name: "CatalogData", path: "Sources/CatalogData", exclude: ["README.md", "tables", "scenarios"],
      cSettings: [.unsafeFlags(["-std=gnu23"])]),
    room("Catalog", ["Quantities", "Tables", "CatalogData"]),  // catalogue rows as checked values
    room("Estimator", ["Quantities", "Tables", "Results", "Catalog"]),  // operators -> capacity
    .target(  // COIN-OR CBC and Clp, opened when a program is solved
      name: "CCbc", path: "Sources/CCbc", linkerSettings: [.linkedLibrary("dl"), .linkedLibrary("m")]),
    room("LinearPrograms", ["CCbc"]),  // linear and mixed-integer programs, solved and checked
    room(  // scenario -> plan
      "Planner",
      [
        "Quantities", "Tables", "CatalogData", "Catalog", "Estimator", "LinearPrograms",
        .product(name: "TOMLKit", package: "TOMLKit"),
      ]),
    .systemLibrary(
      name: "CXlsxWriter", path: "Sources/CXlsxWriter", providers: [.apt(["libxlsxwriter-dev"])]),
    room(  // values -> documents
      "Export",
      [
        "Quantities", "Tables", "Machines", "Measurement", "Results", "Catalog", "Estimator", "Planner",
        "CXlsxWriter",
      ]),

    // The door to the street
    .executableTarget(
      name: "plimsoll",
      dependencies: [
        "Quantities", "Tables", "Machines", "Topology", "Measurement", "Kernels", "KernelsCUDA", "Suites",
        "Results", "Catalog", "Estimator", "Planner", "Export",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: house),

    // Tests, one target a room
    room("FakeCUDA", path: "Tests/FakeCUDA/Support"),  // hosts with GPUs that run on the CPU
    tests("Quantities", ["Quantities"]),
    tests("Tables", ["Tables"]),
    tests("Estimator", ["Quantities", "Tables", "Results", "Catalog", "Estimator"]),
    tests("Machines", ["Machines"]),
    tests("Topology", ["Tables", "Machines", "Topology"]),
    tests(
      "Export",
      [
        "Quantities", "Tables", "Machines", "Topology", "Measurement", "Results", "Catalog", "Estimator",
        "Planner", "Export", "plimsoll",
      ]),
    tests("EndToEnd", ["plimsoll", "FakeCUDA"]),
    tests(
      "Kernels", ["Quantities", "Machines", "Measurement", "CProbe", "KernelsReference", "Kernels"]),
    tests("Devices", ["Devices", "FakeCUDA"]),
    tests("KernelsCUDA", ["Quantities", "Measurement", "Devices", "KernelsCUDA", "Kernels", "FakeCUDA"]),
    tests("Measurement", ["Measurement", "Machines", "Quantities"]),
    tests("Suites", ["Quantities", "Tables", "Machines", "Measurement", "Suites"]),
    tests("Results", ["Quantities", "Tables", "Machines", "Measurement", "Results"]),
    tests("LinearPrograms", ["LinearPrograms"]),
    tests("Planner", ["Planner", "LinearPrograms", "Catalog", "Estimator", "Quantities", "Tables"]),
    tests("Catalog", ["Quantities", "Tables", "Catalog"]),
  ]
)

// --results, shared by the verbs whose figures rest on kernels of a chip: a result file with rows of that very chip.

import ArgumentParser
import Catalog
import Estimator
import Quantities
import Results
import Tables

/// A result file whose device rows come before everything published of their chips.
struct MeasuredOptions: ParsableArguments {
  @Option(
    name: .customLong("results"),
    help: ArgumentHelp(
      "A result file with rows of a device: figures of its chip then rest on them.", valueName: "run.csv"))
  var file: String?

  /// The catalogue of a verb with the rows of `--results`, if any.
  ///
  /// - Throws: `InputError` for a file that cannot be read, or without a device row of a known chip.
  func load(_ options: CatalogOptions) throws -> MeasuredTables {
    let plain = try options.load()
    guard let file else {
      return MeasuredTables(catalog: plain, before: plain, measured: nil, options: options)
    }
    let measured = try MeasuredCatalog(
      try ResultFile.read(file), file: file,
      published: try Catalog.measuredKernels(directory: options.directory), catalog: plain)
    for gap in measured.run.gaps {
      StandardError.write("plimsoll: \(gap.subject): \(gap.missing); \(gap.remedy)")
    }
    return MeasuredTables(catalog: measured.catalog, before: plain, measured: measured, options: options)
  }
}

/// A catalogue, and what a result file put into it.
struct MeasuredTables {
  /// What the estimator reads.
  let catalog: Catalog
  /// The same without the result file.
  let before: Catalog
  /// The result file's part; nil without one.
  let measured: MeasuredCatalog?
  fileprivate let options: CatalogOptions

  fileprivate init(
    catalog: Catalog, before: Catalog, measured: MeasuredCatalog?, options: CatalogOptions
  ) {
    (self.catalog, self.before, self.measured, self.options) = (catalog, before, measured, options)
  }

  /// measured_kernels.csv with the rows of the run.
  func kernels() throws -> [MeasuredKernel] {
    try measured?.kernels ?? Catalog.measuredKernels(directory: options.directory)
  }

  /// Measured beside published, and the shares of the data sheet; nothing of a chip that the run did not measure.
  func tables(of chip: Accelerator) throws -> [ReportTable] {
    guard let measured, measured.chips.contains(where: { $0.accelerator == chip.id }) else { return [] }
    return [
      PublishedBesideMeasured(of: chip, in: measured.kernels, catalog: before).table(),
      try measured.efficiencies(of: chip, before: before),
    ]
  }
}

// One row of cloud_instances.csv, its columns declared once.

public import Tables

/// One instance type, UltraServer, CPU host or plain price unit of a cloud.
public struct CloudInstance: CatalogRow {
  /// Cloud.
  public var provider: String = ""
  /// Name at that cloud.
  public var instanceType: String = ""
  /// instance, ultraserver, cpu or price_unit.
  public var kind: String = ""
  /// Chip, an id of accelerators.csv, or none.
  public var accelerator: String = ""
  /// Chips in one instance; 0 for CPU hosts.
  public var acceleratorCount: Int?
  /// CPU class of a CPU host, an id of accelerators.csv, where known.
  public var processor: String = ""
  /// Virtual CPUs.
  public var vcpu: Int?
  /// Host memory in `host_mem_unit`.
  public var hostMem: Double?
  /// GiB or GB: clouds differ.
  public var hostMemUnit: String = ""
  /// Scale-out network of the instance in one direction, Gbit/s.
  public var nicGbps: Double?
  /// Accelerators that one scale-up network joins.
  public var scaleUpDomain: Int?
  /// Publication, page or file that the row was read from.
  public var source: String = ""
  /// Remarks.
  public var notes: String = ""

  /// A row of which nothing is known.
  public init() {}

  public static let fileName = "cloud_instances.csv"
  public static let purpose = "One instance type, UltraServer, CPU host or plain price unit of a cloud."
  public static let key = ["provider", "instance_type"]
  public static let schema = Schema<CloudInstance>([
    .text("provider", "Cloud.", \.provider),
    .text("instance_type", "Name at that cloud.", \.instanceType),
    .text("kind", "instance, ultraserver, cpu or price_unit.", \.kind),
    .text("accelerator", "Chip, an id of accelerators.csv, or none.", \.accelerator),
    .integer("accelerator_count", "Chips in one instance; 0 for CPU hosts.", \.acceleratorCount),
    .text("processor", "CPU class of a CPU host, an id of accelerators.csv, where known.", \.processor),
    .integer("vcpu", "Virtual CPUs.", \.vcpu),
    .number("host_mem", "Host memory in `host_mem_unit`.", \.hostMem),
    .text("host_mem_unit", "GiB or GB: clouds differ.", \.hostMemUnit),
    .number("nic_gbps", "Scale-out network of the instance in one direction, Gbit/s.", \.nicGbps),
    .integer("scale_up_domain", "Accelerators that one scale-up network joins.", \.scaleUpDomain),
    .text("source", "Publication, page or file that the row was read from.", \.source),
    .text("notes", "Remarks.", \.notes),
  ])
}

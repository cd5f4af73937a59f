// SPDX-License-Identifier: MIT
import CWeir

public enum LogLevel: UInt32, Sendable { case debug, info, warning, error }

/// What the host gives one instance of a stage. It may be kept and used from any thread as long as the stage is there.
public struct Host: @unchecked Sendable {
  let raw: UnsafePointer<weir_host>

  /// Such as `Weir 0.4`.
  public var version: String { raw.pointee.version.map { String(cString: $0) } ?? "" }

  /// A line in the host's log, outside any session.
  public func log(_ level: LogLevel, _ text: String) {
    text.lend { raw.pointee.log(raw, 0, level.rawValue, $0) }
  }

  /// In a stage's `init` only. The host shows it as `weir_plugin_STAGE_NAME`.
  public func counter(_ name: StaticString, help: StaticString) -> Metric { metric(WEIR_COUNTER, name, help) }
  public func gauge(_ name: StaticString, help: StaticString) -> Metric { metric(WEIR_GAUGE, name, help) }
  public func histogram(_ name: StaticString, help: StaticString) -> Metric { metric(WEIR_HISTOGRAM, name, help) }

  private func metric(_ kind: Int, _ name: StaticString, _ help: StaticString) -> Metric {
    Metric(host: self, id: raw.pointee.metric(raw, UInt32(truncatingIfNeeded: kind), name.characters, help.characters))
  }

  /// A table of functions by its id; nil if this host has none.
  public func table<Table>(_ id: String, as type: Table.Type) -> UnsafePointer<Table>? {
    raw.pointee.extension(raw, id)?.assumingMemoryBound(to: type)
  }
}

/// A figure of the stage's own.
public struct Metric: Sendable {
  let host: Host
  let id: UInt64

  public func add(_ value: Double = 1) { host.raw.pointee.metric_add(host.raw, id, value) }
}

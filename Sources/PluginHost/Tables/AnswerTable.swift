// SPDX-License-Identifier: Apache-2.0
import CWeir

/// The host table "weir.answer/1".
enum AnswerTable {
  static let id = "weir.answer/1"

  /// For as long as the process lives.
  nonisolated(unsafe) static let pointer: UnsafeRawPointer = {
    let memory = UnsafeMutablePointer<weir_answer>.allocate(capacity: 1)
    memory.initialize(to: functions)
    return UnsafeRawPointer(memory)
  }()

  /// Of all values of a key together.
  static let maximumValue = 64 * 1024

  private static var functions: weir_answer {
    var table = weir_answer()
    table.size = UInt32(MemoryLayout<weir_answer>.size)
    table.answer = { host, id, items, count in
      guard let context = HostTable.context(host, id) else { return HostTable.refusal(host) }
      guard let values = AnswerTable.values(items, count) else { return Status.invalid }
      return context.answer(values)
    }
    return table
  }

  /// Nil if there are none, or too many bytes of them.
  private static func values(_ items: UnsafePointer<weir_pair>?, _ count: UInt64) -> [[UInt8]]? {
    guard let items, count > 0 else { return nil }
    var (values, size): ([[UInt8]], Int) = ([], 0)
    for index in 0..<Int(clamping: count) {
      guard let value = items[index].value.copied(limit: maximumValue - size), !value.isEmpty else { return nil }
      values.append(value)
      size += value.count + 1
      if size > maximumValue { return nil }
    }
    return values
  }
}

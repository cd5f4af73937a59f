// SPDX-License-Identifier: MIT
import CWeir

/// A C function knows nothing but its arguments, and `create` is not told of which component: each gets a function of its own.
enum Registry {
  static let limit = entries.count

  enum Part { case stage(any Stage.Type), table(any Table.Type) }

  nonisolated(unsafe) private static let parts = UnsafeMutablePointer<Part?>.allocate(capacity: 8)
  nonisolated(unsafe) private static let count: UnsafeMutablePointer<Int> = {
    let count = UnsafeMutablePointer<Int>.allocate(capacity: 1)
    count.initialize(to: 0)
    return count
  }()

  /// Called while the plugin is described: once, before any of its functions can be called.
  static func add(_ part: Part) -> Entry? {
    guard count.pointee < limit else { return nil }
    (parts + count.pointee).initialize(to: part)
    count.pointee += 1
    return entries[count.pointee - 1]
  }

  static func part(_ index: Int) -> Part? { index < count.pointee ? parts[index] : nil }

  private static let entries: [Entry] = [
    { create(0, $0, $1, $2, $3, $4, $5) }, { create(1, $0, $1, $2, $3, $4, $5) }, { create(2, $0, $1, $2, $3, $4, $5) },
    { create(3, $0, $1, $2, $3, $4, $5) }, { create(4, $0, $1, $2, $3, $4, $5) }, { create(5, $0, $1, $2, $3, $4, $5) },
    { create(6, $0, $1, $2, $3, $4, $5) }, { create(7, $0, $1, $2, $3, $4, $5) },
  ]
}

private func create(
  _ index: Int, _ host: UnsafePointer<weir_host>?, _ options: UnsafePointer<weir_pair>?, _ count: UInt64,
  _ events: UnsafeMutablePointer<UInt64>?, _ reason: UnsafeMutablePointer<CChar>?, _ size: UInt64
) -> UnsafeMutableRawPointer? {
  let reason = UnsafeMutableBufferPointer(start: reason, count: reason == nil ? 0 : Int(clamping: size))
  return Creation(host: host, options: Pairs(start: options, count: count), events: events, reason: reason).perform(Registry.part(index))
}

// SPDX-License-Identifier: Apache-2.0
import Bytes
import Runtime
import SMTP

/// The highest figures that clients reached, and when, as Postfix's anvil logs them.
struct ClientStatistics {
  enum Figure {
    case connectionRate, connectionCount
    case event(MeteredEvent)

    var index: Int {
      switch self {
      case .connectionRate: 0
      case .connectionCount: 1
      case .event(let event): event.rawValue + 2
      }
    }
  }

  private struct Peak {
    var value = 0
    var client: IPAddress?
    /// Microseconds since 1970.
    var time: Int64 = 0
  }

  private static let names = ["connection rate", "connection count", "message rate", "recipient rate", "newtls rate", "auth rate"]

  private var peaks = InlineArray<6, Peak>(repeating: Peak())
  private var cache = Peak()

  mutating func note(_ figure: Figure, _ value: Int, _ client: IPAddress, _ clock: () -> Int64) {
    guard value > peaks[figure.index].value else { return }
    peaks[figure.index] = Peak(value: value, client: client, time: clock())
  }

  mutating func note(cacheSize: Int, _ clock: () -> Int64) {
    if cacheSize > cache.value { cache = Peak(value: cacheSize, client: nil, time: clock()) }
  }

  private static func time(_ time: Int64) -> String { LocalTime.text(time, format: "%b %d %H:%M:%S") }

  /// Nothing for what did not happen.
  func lines(service: String, unit: Duration) -> [String] {
    var lines: [String] = []
    for index in peaks.indices {
      guard let client = peaks[index].client else { continue }
      let rate = index == Figure.connectionCount.index ? "" : "/\(unit.components.seconds)s"
      lines.append(
        "statistics: max \(Self.names[index]) \(peaks[index].value)\(rate) for (\(service):\(client)) at \(Self.time(peaks[index].time))")
    }
    if cache.value > 0 { lines.append("statistics: max cache size \(cache.value) at \(Self.time(cache.time))") }
    return lines
  }
}

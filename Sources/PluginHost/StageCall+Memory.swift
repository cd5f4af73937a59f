// SPDX-License-Identifier: Apache-2.0
import CWeir
import Pipeline

extension StageCall {
  /// As the `weir_event` that it is, for the length of a call.
  func with<Result>(_ body: (UnsafePointer<weir_event>) -> Result) -> Result {
    var raw = weir_event()
    raw.size = UInt32(MemoryLayout<weir_event>.size)
    raw.type = event.rawValue
    raw.flags = flags
    raw.ref = reference
    return name.withUnsafeBytes { name in
      value.withUnsafeBytes { value in
        raw.name = weir_str(name)
        raw.value = weir_str(value)
        guard !parameters.isEmpty else { return body(&raw) }
        var result: Result?
        ResultMemory.withPairs(parameters.map { ($0.key, $0.value) }) { pairs in
          raw.params = pairs.baseAddress
          raw.n_params = UInt64(pairs.count)
          result = body(&raw)
        }
        return result ?? body(&raw)
      }
    }
  }
}

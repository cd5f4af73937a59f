// SPDX-License-Identifier: Apache-2.0

extension Invocation {
  /// `weir doctor [--json]`
  static func parseDoctor(_ words: inout Words) throws(UsageError) -> Invocation {
    let asJSON = words.take("--json")
    return .doctor(try words.options(), asJSON: asJSON)
  }
}

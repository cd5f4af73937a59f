// SPDX-License-Identifier: Apache-2.0

/// How often each verb was given and how often it was carried out, for the line that ends a session in the log.
struct CommandCounts {
  // Two inline arrays instead of a dictionary: an idle session must stay small.
  private var total = InlineArray<18, UInt16>(repeating: 0)
  private var good = InlineArray<18, UInt16>(repeating: 0)
  private static let unknown = 17

  mutating func count(_ verb: Verb?, succeeded: Bool) {
    let index = verb.map { Int($0.rawValue) } ?? CommandCounts.unknown
    total[index] = saturatingIncrement(total[index])
    if succeeded { good[index] = saturatingIncrement(good[index]) }
  }

  /// As Postfix writes it: `ehlo=1 mail=1 rcpt=0/1 commands=2/3`. Data counts a message once it is accepted.
  var summary: String {
    var text = ""
    text.reserveCapacity(80)
    var allGood = 0
    var all = 0
    for index in 0..<18 where total[index] > 0 {
      append(Verb(rawValue: UInt8(index))?.name ?? "unknown", Int(good[index]), Int(total[index]), to: &text)
      text += " "
      allGood += Int(good[index])
      all += Int(total[index])
    }
    append("commands", allGood, all, to: &text)
    return text
  }

  /// None at all is `0/0`.
  private func append(_ name: String, _ good: Int, _ total: Int, to text: inout String) {
    text += name
    text += "="
    text += String(good)
    if good == total, total > 0 { return }
    text += "/"
    text += String(total)
  }

  private func saturatingIncrement(_ value: UInt16) -> UInt16 { value == .max ? value : value &+ 1 }
}

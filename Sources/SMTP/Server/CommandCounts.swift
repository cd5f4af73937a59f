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
    var words: [String] = []
    var allGood = 0
    var all = 0
    for index in 0..<18 where total[index] > 0 {
      let name = Verb(rawValue: UInt8(index)).map(\.name) ?? "unknown"
      words.append(word(name, Int(good[index]), Int(total[index])))
      allGood += Int(good[index])
      all += Int(total[index])
    }
    return (words + [word("commands", allGood, all)]).joined(separator: " ")
  }

  private func word(_ name: String, _ good: Int, _ total: Int) -> String {
    good == total ? "\(name)=\(total)" : "\(name)=\(good)/\(total)"
  }

  private func saturatingIncrement(_ value: UInt16) -> UInt16 { value == .max ? value : value &+ 1 }
}

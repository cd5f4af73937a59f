// SPDX-License-Identifier: Apache-2.0

/// A domain's wishes for mail to it: RFC 8461 §3.2.
package struct MTASTSPolicy: Equatable, Sendable {
  package enum Mode: String, Sendable { case enforce, testing, none }

  package var mode: Mode
  /// Seconds.
  package var maxAge: Int
  /// Host names, and `*.example.com` for one label more.
  package var hosts: [String]

  package static let maximumAge = 31_557_600
  static let maximumHosts = 256

  package init(mode: Mode, maxAge: Int, hosts: [String]) {
    self.mode = mode
    self.maxAge = maxAge
    self.hosts = hosts
  }

  /// Reads the file that a domain's server shows; nil if it is no policy. Fields that are not known are passed over; of those named twice the first counts.
  package init?(_ text: String) {
    var fields: [String: String] = [:]
    var hosts: [String] = []
    for line in text.split(whereSeparator: \.isNewline) {
      guard let colon = line.firstIndex(of: ":") else { return nil }
      let name = String(line[..<colon]).trimmingBlanks.lowercased()
      let value = String(line[line.index(after: colon)...]).trimmingBlanks
      if name == "mx" { hosts.append(value.lowercased()) } else if fields[name] == nil { fields[name] = value }
    }
    guard fields["version"] == "STSv1", let mode = fields["mode"].flatMap(Mode.init), let age = fields["max_age"].flatMap({ Int($0) }), age >= 0,
      mode == .none || !hosts.isEmpty, hosts.count <= Self.maximumHosts
    else { return nil }
    self.init(mode: mode, maxAge: min(age, Self.maximumAge), hosts: hosts)
  }

  /// RFC 8461 §4.1: `*.` stands for exactly one label.
  package func lists(_ host: String) -> Bool {
    let host = host.lowercased()
    return hosts.contains { pattern in
      guard pattern.hasPrefix("*.") else { return pattern == host }
      guard let dot = host.firstIndex(of: "."), dot > host.startIndex else { return false }
      return host[dot...] == pattern.dropFirst()
    }
  }
}

/// The TXT record that tells whether there is a policy, and which: RFC 8461 §3.1.
package enum MTASTSRecord {
  /// The policy's id, of the one record that is of this kind; nil where there is none, or more than one.
  package static func id(_ records: [[UInt8]]) -> String? {
    let texts = records.map { String(decoding: $0, as: UTF8.self) }.filter { isOfThisKind($0) }
    guard texts.count == 1, let text = texts.first else { return nil }
    for field in text.split(separator: ";") {
      let parts = field.split(separator: "=", maxSplits: 1).map { String($0).trimmingBlanks }
      guard parts.count == 2, parts[0] == "id" else { continue }
      let isLegal = (1...32).contains(parts[1].utf8.count) && parts[1].utf8.allSatisfy(isLetterOrDigit)
      return isLegal ? parts[1] : nil
    }
    return nil
  }

  private static func isOfThisKind(_ text: String) -> Bool {
    guard text.hasPrefix("v=STSv1") else { return false }
    let rest = text.dropFirst("v=STSv1".count)
    return rest.drop { $0 == " " || $0 == "\t" }.first == ";"
  }

  private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
    default: false
    }
  }
}

extension String {
  fileprivate var trimmingBlanks: String {
    let front = drop { $0 == " " || $0 == "\t" }
    let end = front.lastIndex { $0 != " " && $0 != "\t" }.map(front.index(after:)) ?? front.startIndex
    return String(front[..<end])
  }
}

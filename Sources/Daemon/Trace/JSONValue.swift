// SPDX-License-Identifier: Apache-2.0

/// A value of RFC 8259, to be written.
indirect enum JSONValue {
  case text(String)
  case number(Int64)
  /// In seconds, from microseconds.
  case seconds(Int64)
  case flag(Bool)
  case list([JSONValue])
  case object([(String, JSONValue)])
  case null

  /// On one line.
  var line: String {
    switch self {
    case .text(let text): Self.quoted(text)
    case .number(let number): String(number)
    case .seconds(let microseconds): Self.decimal(max(0, microseconds))
    case .flag(let flag): flag ? "true" : "false"
    case .list(let values): "[\(values.map(\.line).joined(separator: ","))]"
    case .object(let members): "{\(members.map { "\(Self.quoted($0.0)):\($0.1.line)" }.joined(separator: ","))}"
    case .null: "null"
    }
  }

  private static func decimal(_ microseconds: Int64) -> String {
    let fraction = String(microseconds % 1_000_000)
    return "\(microseconds / 1_000_000).\(String(repeating: "0", count: 6 - fraction.utf8.count))\(fraction)"
  }

  private static func quoted(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": quoted += "\\\(scalar)"
      case "\n": quoted += "\\n"
      case "\t": quoted += "\\t"
      case _ where scalar.value < 0x20 || scalar.value == 0x7f:
        quoted += "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }
}

extension JSONValue {
  /// Without the members that have nothing to say.
  static func some(_ members: (String, JSONValue?)...) -> JSONValue {
    .object(
      members.compactMap { name, value in
        switch value {
        case nil, .text("")?: nil
        case .list(let list)? where list.isEmpty: nil
        case let value?: (name, value)
        }
      })
  }
}

// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// `name = value` of main.cf.
struct MainSetting {
  let name: String
  /// As written; where it went on over several lines, they are apart by line feeds.
  let value: String
  let lines: ClosedRange<Int>
  /// Comment lines directly above.
  let comments: [String]
  /// False if a later line sets the same name.
  var counts = true
  /// Its item of the ledger.
  var item: Int?
}

/// All settings of main.cf, in their order.
struct MainSettings {
  var list: [MainSetting] = []
  /// Where main.cf is: what `$config_directory` stands for.
  let folder: String

  subscript(name: String) -> MainSetting? { list.last { $0.name == name } }

  func value(_ name: String) -> String? { self[name]?.value }

  /// The value with references replaced by what main.cf says of them, as far as it does.
  func expanded(_ name: String) -> String { effective(name).map { expand($0) } ?? "" }

  /// What main.cf says, or else Postfix.
  func effective(_ name: String) -> String? {
    value(name) ?? (name == "config_directory" ? folder : PostfixDefaults.value(name, level: compatibilityLevel))
  }

  func expand(_ value: String, depth: Int = 0) -> String {
    guard depth < 10 else { return value }
    return References.replace(in: value) { name in effective(name).map { expand($0, depth: depth + 1) } }
  }

  /// Whether certificates of clients are told apart by their fingerprints.
  var knowsFingerprints: Bool { self["relay_clientcerts"] != nil || list.contains { $0.value.contains("check_ccert_access") } }

  /// Whether compatibility_level is this one or a later.
  func isCompatible(with level: (Int, Int)) -> Bool {
    let numbers = (value("compatibility_level") ?? "").split(separator: ".").map { Int($0) ?? 0 }
    return (numbers.first ?? 0, numbers.dropFirst().first ?? 0) >= level
  }

  /// The first number of compatibility_level; 0 if it is not set, as Postfix has it.
  var compatibilityLevel: Int {
    guard let text = value("compatibility_level") else { return 0 }
    return Int(text.prefix { $0.isASCII && $0.isNumber }) ?? 0
  }
}

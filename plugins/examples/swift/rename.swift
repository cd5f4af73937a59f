// SPDX-License-Identifier: MIT
// A table of one pair: the first word of its option is the key, the second the value.
// In weir.conf: smtpd_sender_restrictions = check_sender_access rename:/etc/weir/names.cf; in that file `pair = old new`.

final class Rename: Table {
  static let component = Component(
    table: "rename", help: "other names for some keys",
    options: [.string("pair", help: "a key and its value, with a blank between")])

  private let key: String
  private let value: String

  init(host: Host, options: Options) throws {
    let words = options.string("pair").split(separator: " ").map(String.init)
    guard words.count == 2 else { throw Refusal("pair: expected two words") }
    (key, value) = (words[0], words[1])
  }

  func lookUp(_ key: BorrowedText, _ context: LookUp) -> Finding {
    String(key) == self.key ? .value(value) : .none
  }
}

private let plugin = Plugin(id: "org.example.rename", version: "1", tables: [Rename.self])

@_cdecl("weir_plugin_v0") public func weirPlugin() -> Plugin.Descriptor? { plugin.descriptor }

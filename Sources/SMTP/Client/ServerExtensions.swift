// SPDX-License-Identifier: Apache-2.0

/// What a server's reply to EHLO or LHLO offers.
package struct ServerExtensions: Equatable, Sendable {
  package private(set) var keywords: Set<String> = []
  /// RFC 1870 §3: nil where SIZE is not offered or names no limit.
  package private(set) var sizeLimit: Int?
  /// RFC 4954 §3, in capitals.
  package private(set) var mechanisms: [String] = []
  /// The attributes that XFORWARD takes, in capitals.
  package private(set) var forwards: Set<String> = []

  package init() {}

  /// RFC 5321 §4.1.1.1: the first line names the server, each other line is a keyword and its parameters.
  package init(_ reply: ServerReply, ignoring ignored: Set<String> = []) {
    for line in reply.texts.dropFirst() {
      // Old servers write `AUTH=LOGIN`.
      let words = line.split { $0 == " " || $0 == "=" }
      guard let keyword = words.first?.uppercased(), !ignored.contains(keyword) else { continue }
      keywords.insert(keyword)
      if keyword == "SIZE", words.count > 1, let limit = Int(words[1]), limit > 0 { sizeLimit = limit }
      if keyword == "XFORWARD" { forwards.formUnion(words.dropFirst().map { $0.uppercased() }) }
      if keyword == "AUTH" { mechanisms += words.dropFirst().map { $0.uppercased() } }
    }
  }

  package func offers(_ keyword: String) -> Bool { keywords.contains(keyword) }
}

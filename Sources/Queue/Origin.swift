// SPDX-License-Identifier: Apache-2.0

/// The client that a message came from, as XFORWARD tells the next server (Postfix's XFORWARD_README). What is not known is empty.
package struct Origin: Equatable, Sendable {
  package var name = ""
  /// As XFORWARD has it: `ipv6:` before an IPv6 address.
  package var address = ""
  package var port = ""
  package var helo = ""
  package var protocolName = ""
  package var isLocal = false

  package init() {}

  /// Bytes in a record, about.
  package var size: Int { [name, address, port, helo, protocolName].reduce(1) { $0 + 4 + $1.utf8.count } }
}

extension RecordWriter {
  mutating func put(_ origin: Origin) {
    for text in [origin.name, origin.address, origin.port, origin.helo, origin.protocolName] { put(text) }
    put(UInt8(origin.isLocal ? 1 : 0))
  }
}

extension ByteCursor {
  mutating func origin() -> Origin? {
    guard let name = string(), let address = string(), let port = string(), let helo = string(), let protocolName = string(),
      let isLocal = integer(UInt8.self)
    else { return nil }
    var origin = Origin()
    (origin.name, origin.address, origin.port, origin.helo, origin.protocolName) = (name, address, port, helo, protocolName)
    origin.isLocal = isLocal != 0
    return origin
  }
}

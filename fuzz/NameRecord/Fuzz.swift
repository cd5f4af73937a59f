// SPDX-License-Identifier: Apache-2.0
import Names

/// Any bytes as the data of each type of record, and as the files of the resolver: no trap, and no text that could break a line.
@_cdecl("LLVMFuzzerTestOneInput")
func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let data = UnsafeRawBufferPointer(start: start, count: count)
  for type in RecordType.allCases {
    switch NameRecord(type, data) {
    case .pointer(let name), .server(let name), .exchanger(_, let name): check(name)
    case .authority(let server, let contact, _):
      check(server)
      check(contact)
    case .text(let text): precondition(text.count < count)
    case .address, .certificate, nil: break
    }
  }
  let text = String(decoding: data, as: UTF8.self)
  let configuration = ResolverConfiguration(resolvConf: text)
  precondition((1...3).contains(configuration.servers.count))
  precondition(HostsFile(text).answer(.mx(text)) == nil)
  if let name = NameQuery.a(text).name { check(name) }
  return 0
}

/// Printable ASCII; at most four characters for each of 255 octets.
func check(_ name: String) {
  precondition(!name.isEmpty && name.utf8.count <= 1020 && name.utf8.allSatisfy { (0x21...0x7e).contains($0) })
}

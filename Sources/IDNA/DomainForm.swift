// SPDX-License-Identifier: Apache-2.0
import CIDN2

// IDNA: domain names in any script (RFC 5890, RFC 5891), by libidn2.

/// The forms of a domain name. One name can be written in several ways; comparisons and look-ups use the canonical form.
package enum DomainForm {
  /// In A-labels, in lower case, without dots at the end. A name that IDNA does not know, an address literal for instance, is only put into lower
  /// case. A dot at the beginning, as patterns have it, stays.
  package static func canonical(_ domain: some StringProtocol) -> String {
    var name = domain.lowercased()
    while name.utf8.last == 0x2E { name.removeLast() }
    guard name.utf8.contains(where: { $0 >= 0x80 }) else { return name }
    guard name.utf8.first == 0x2E else { return convert(name, cidn2_to_ascii) ?? name }
    return convert(String(name.dropFirst()), cidn2_to_ascii).map { "." + $0 } ?? name
  }

  /// As it was written, without dots at the end: for what is said of a name. Outside of ASCII that is the canonical form.
  package static func written(_ domain: some StringProtocol) -> String {
    guard domain.utf8.allSatisfy({ $0 < 0x80 }) else { return canonical(domain) }
    var name = String(domain)
    while name.utf8.last == 0x2E { name.removeLast() }
    return name
  }

  /// The canonical form, and that in U-labels if it is another: by both a table may know the name.
  package static func keys(_ domain: some StringProtocol) -> [String] {
    let name = canonical(domain)
    guard hasALabel(name), let unicode = convert(name, cidn2_to_unicode), unicode != name else { return [name] }
    return [name, unicode]
  }

  /// RFC 5890 §2.3.2.5: the ACE prefix begins a label.
  private static func hasALabel(_ name: String) -> Bool {
    name.utf8.split(separator: 0x2E).contains { $0.starts(with: "xn--".utf8) }
  }

  private static func convert(
    _ name: String, _ function: (UnsafePointer<CChar>?, UnsafeMutablePointer<CChar>?, Int) -> Int32
  ) -> String? {
    // A NUL would end the name for C.
    guard !name.utf8.contains(0) else { return nil }
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: capacity) { buffer in
      let length = function(name, buffer.baseAddress, capacity)
      guard length >= 0 else { return nil }
      return String(decoding: UnsafeRawBufferPointer(buffer).prefix(Int(length)), as: UTF8.self)
    }
  }

  /// U-labels are longer than the 255 octets of a name on the wire.
  private static let capacity = 1024
}

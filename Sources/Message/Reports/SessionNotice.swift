// SPDX-License-Identifier: Apache-2.0

/// A transcript of a session for the postmaster, in the layout of Postfix's.
package struct SessionNotice: Sendable {
  package var id: String
  /// Microseconds since 1970.
  package var time: Int64
  package var addressee: String
  /// `name[address]`
  package var peer: String
  package var role: Role
  /// `In:  command` and `Out: reply`, a line each.
  package var transcript: [[UInt8]]
  /// Why the session came to no good end; empty where it did.
  package var reason: String

  /// What we were in the session.
  package enum Role: Sendable {
    case server
    /// `SMTP` or `LMTP`.
    case client(String)
  }

  package init(id: String, time: Int64, addressee: String, peer: String, role: Role, transcript: [[UInt8]], reason: String = "") {
    self.id = id
    self.time = time
    self.addressee = addressee
    self.peer = peer
    self.role = role
    self.transcript = transcript
    self.reason = reason
  }
}

/// Who writes such notices.
package struct SessionNoticeWriter: Sendable {
  private let hostname: String
  private let product: String

  package init(hostname: String, product: String) {
    self.hostname = hostname
    self.product = product
  }

  package func write(_ notice: SessionNotice, _ zone: Zone) -> (content: [UInt8], messageID: String) {
    var output: [UInt8] = []
    var dates = DateTime()
    output.write("Received: by \(hostname) (\(product))\n\tid \(notice.id); ")
    dates.write(notice.time, zone, into: &output)
    output.write("\nDate: ")
    dates.write(notice.time, zone, into: &output)
    output.write("\nFrom: Mail Delivery System <MAILER-DAEMON@\(hostname)>\nTo: Postmaster <")
    output.writeAddress(notice.addressee)
    output.write(">\nSubject: \(product) \(notice.role.name): errors from ")
    output.writeVisible(notice.peer)
    var stamp: [UInt8] = []
    DateTime.writeStamp(notice.time, into: &stamp)
    let messageID = "<\(String(decoding: stamp, as: UTF8.self)).\(notice.id)@\(hostname)>"
    output.write("\nMessage-Id: \(messageID)\n\n")
    if case .client = notice.role {
      output.write("Unexpected response from ")
      output.writeVisible(notice.peer)
      output.write(".\n\n")
    }
    output.write("Transcript of session follows.\n\n")
    for line in notice.transcript { write(line, &output) }
    if case .server = notice.role { output.write("\n") }
    if !notice.reason.isEmpty { output.write("Session aborted, reason: \(notice.reason)\n") }
    output.write("\nFor other details, see the local mail logfile\n")
    return (output, messageID)
  }

  /// Behind a space, so that no line is taken for anything else; what is no printable ASCII becomes `?`.
  private func write(_ line: [UInt8], _ output: inout [UInt8]) {
    var wrapped: [UInt8] = []
    // Postfix breaks these a column before those of reports.
    LineWrap.write(line.map { (0x20..<0x7F).contains($0) ? $0 : 0x3F }, width: LineWrap.width - 1, into: &wrapped)
    var isAtStart = true
    for byte in wrapped {
      if isAtStart { output.append(0x20) }
      output.append(byte)
      isAtStart = byte == 0x0A
    }
  }
}

extension SessionNotice.Role {
  fileprivate var name: String {
    switch self {
    case .server: "SMTP server"
    case .client(let name): "\(name) client"
    }
  }
}

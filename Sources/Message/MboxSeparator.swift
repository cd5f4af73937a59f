// SPDX-License-Identifier: Apache-2.0

/// The line before each message of a mailbox file (RFC 4155 appendix A).
package enum MboxSeparator {
  /// `From carl@example.net  Thu Feb  7 10:00:00 2013`, in local time and with two blanks, as Postfix writes it. `sender` is empty for the null
  /// path; `time` is in microseconds since 1970.
  package static func compose(sender: String, time: Int64, _ zone: Zone) -> [UInt8] {
    var output = Array("From ".utf8)
    if sender.isEmpty { output.write("MAILER-DAEMON") } else { output.writeAddress(sender) }
    output.write("  ")
    DateTime.writeCivil(time, zone, into: &output)
    output.append(0x0A)
    return output
  }
}

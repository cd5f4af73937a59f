// SPDX-License-Identifier: Apache-2.0
import Embedded
import Mailbox

/// The mailboxes that a script writes to.
enum Kind: CaseIterable {
  case maildir
  /// A Maildir with a quota, which is kept in `maildirsize`.
  case limited
  case file

  /// Local parts.
  var one: String { self == .file ? "box" : "a" }
  var two: String { self == .file ? "box2" : "b" }

  /// Never reached: what is tested is that nothing is lost, and that the count is right when it matters.
  var quota: MaildirQuota? { self == .limited ? MaildirQuota(bytes: 1 << 40, messages: 0) : nil }
}

extension Judge {
  /// Whoever finds the Maildir full, an hour later, counts what there is.
  func checkQuota(_ address: String, _ world: World, _ verdict: inout Verdict) {
    let name = String(address.prefix { $0 != "@" })
    guard let quota, let location = MaildirLocation(base: "mail", relative: "\(name)/") else { return }
    var files: [[UInt8]] = []
    for place in ["mail/\(name)/new", "mail/\(name)/cur"] {
      files += world.disk.image.names(place).compactMap { world.disk.image.file("\(place)/\($0)") }
    }
    let expected = MaildirUsage(bytes: Int64(files.reduce(0) { $0 + $1.count }), messages: Int64(files.count))
    guard !files.isEmpty || world.disk.image.file("mail/\(name)/maildirsize") != nil else { return }
    let found = quota.usage(of: location, adding: .max, disk: world.disk, now: .max)
    if found != expected { verdict.faults.append("\(name) holds \(expected), counted as \(String(describing: found)), cut at step \(step)") }
  }
}

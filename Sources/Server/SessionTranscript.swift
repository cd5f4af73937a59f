// SPDX-License-Identifier: Apache-2.0
import Bytes
import Message
import Queue
import SMTP
import Spool

/// Who is told of trouble in sessions, and of which: `notify_classes`.
package struct SessionNotices: Sendable {
  /// `notify_classes`, as far as sessions are concerned.
  package struct Classes: OptionSet, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }
    package static let bounce = Classes(rawValue: 1)
    package static let policy = Classes(rawValue: 2)
    package static let protocolErrors = Classes(rawValue: 4)
    package static let resource = Classes(rawValue: 8)
    package static let software = Classes(rawValue: 16)
    package static let data = Classes(rawValue: 32)
  }

  package var classes: Classes
  /// `error_notice_recipient`: the address, and who gets its mail; nil where that cannot be told now.
  package var addressee: String
  package var recipients: @Sendable () async -> [Recipient]?
  /// `double_bounce_sender`
  package var sender: String
  package var writer: SessionNoticeWriter

  package init(
    _ classes: Classes, to addressee: String, recipients: @escaping @Sendable () async -> [Recipient]?, from sender: String,
    writer: SessionNoticeWriter
  ) {
    self.classes = classes
    self.addressee = addressee
    self.recipients = recipients
    self.sender = sender
    self.writer = writer
  }
}

extension SessionNotices.Classes {
  /// What kind of trouble a reply tells of: none, where Postfix's smtpd notes none. `isVerdict`: somebody has decided so.
  init(_ reply: Reply, isVerdict: Bool) { self = reply.isNegative ? Self.trouble(reply, isVerdict) : [] }

  private static func trouble(_ reply: Reply, _ isVerdict: Bool) -> Self {
    switch (reply.code, reply.status.map { "\($0)" }) {
    case (_, "5.1.1"), (_, "4.1.1"), (554, "5.4.0"), (554, "5.4.6"): .bounce
    case (552, "5.3.4"): reply.text.hasPrefix("Error:") ? .bounce : .policy
    case (452, "4.3.1"): .resource
    case (451, "4.3.0") where reply.text.contains("write error"): .resource
    case (451, "4.3.0") where reply.text.contains("lookup"): .data
    case (451, "4.3.0"), (451, "4.3.5"): .software
    case (454, "4.7.0") where !isVerdict: .software
    case _ where isVerdict: .policy
    case (500...504, _), (555, _): .protocolErrors
    default: []
    }
  }
}

/// What was said in a session, as far as a notice may need it. Of a long one the end is kept.
struct SessionTranscript {
  /// Postfix's smtpd_hist_thrsh: a session that goes on is told of in pieces.
  static let longest = 100
  private static let maximumLine = 2048

  private static let maximumSize = 64 << 10

  /// Lines that end in LF.
  private var lines: [UInt8] = []
  private var count = 0
  private(set) var trouble: SessionNotices.Classes = []
  /// Why it came to no good end.
  var reason = ""
  /// The next reply is a verdict.
  var isVerdict = false

  var isLong: Bool { count > Self.longest }

  /// What follows the mechanism of AUTH may be a password: it is told to nobody.
  mutating func heard(_ line: UnsafeRawBufferPointer) {
    guard line.slice(0, 5).equalsIgnoringCase("AUTH "), let secret = line.slice(5, line.count).offset(of: 0x20) else {
      return append("In:  ", line.slice(0, Self.maximumLine))
    }
    append("In:  ", line.slice(0, min(5 + secret, Self.maximumLine)), hidden: " *")
  }

  /// `text`: the lines as they are written.
  mutating func said(_ reply: Reply, _ text: UnsafeRawBufferPointer) {
    trouble.formUnion(.init(reply, isVerdict: isVerdict))
    isVerdict = false
    var start = 0
    while start < text.count {
      let line = text.slice(start, start + (text.slice(start, text.count).offset(of: 0x0a) ?? text.count))
      append("Out: ", line.slice(0, Self.maximumLine))
      start += line.count + 1
    }
  }

  private mutating func append(_ mark: StaticString, _ line: UnsafeRawBufferPointer, hidden: StaticString = "") {
    if lines.count >= Self.maximumSize, let middle = lines[(lines.count / 2)...].firstIndex(of: 0x0A) { lines.removeSubrange(...middle) }
    lines.append(contentsOf: UnsafeRawBufferPointer(start: mark.utf8Start, count: mark.utf8CodeUnitCount))
    lines.append(contentsOf: line.last == 0x0d ? line.slice(0, line.count - 1) : line)
    lines.append(contentsOf: UnsafeRawBufferPointer(start: hidden.utf8Start, count: hidden.utf8CodeUnitCount))
    lines.append(0x0a)
    count += 1
  }

  /// The lines so far.
  var all: [[UInt8]] { lines.split(separator: 0x0a).map(Array.init) }

  mutating func beginAnew() {
    trouble = []
    isVerdict = false
    lines.removeAll(keepingCapacity: count > Self.longest)
    count = 0
  }
}

extension Session {
  /// Tells the postmaster of what went wrong so far, if that is wanted.
  @inline(never) func notifyPostmaster() async {
    guard let notices = services.notices, let told = transcript else { return }
    let lines = told.trouble.isDisjoint(with: notices.classes) ? [] : told.all
    transcript?.beginAnew()
    if !lines.isEmpty { await send(notices, lines, reason: told.reason) }
  }

  private func send(_ notices: SessionNotices, _ lines: [[UInt8]], reason: String) async {
    let id = services.store.reserveID()
    let time = services.now()
    let notice = SessionNotice(
      id: "\(id)", time: time, addressee: notices.addressee, client: client.description, transcript: lines, reason: reason)
    let (content, messageID) = notices.writer.write(notice, services.zoneNow(time))
    let isStored = await store(content, messageID, id, notices, time)
    if !isStored { logCleanup(.text("a notice to the postmaster could not be queued"), about: id, severity: .warning) }
  }

  private func store(_ content: [UInt8], _ messageID: String, _ id: QueueID, _ notices: SessionNotices, _ time: Int64) async -> Bool {
    guard let recipients = await notices.recipients(), services.store.memory.take(content.count) else { return false }
    let envelope = Envelope(
      sender: notices.sender, arrival: time, host: services.context.configuration.myhostname, recipients: recipients)
    logCleanup(.messageID(messageID), about: id)
    let message = IncomingMessage(id: id, envelope: envelope, content: .memory([ContentChunk(content)]))
    return await services.store.commit(message) == .committed
  }
}

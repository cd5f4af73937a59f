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
    // What stands in for a policy server that is not there says `problem`: a verdict as others.
    case (451, "4.3.5") where isVerdict && !reply.text.contains("configuration error"): .policy
    case (451, "4.3.0"), (451, "4.3.5"): .software
    case (454, "4.7.0") where !isVerdict: .software
    case _ where isVerdict: .policy
    case (500...504, _), (555, _): .protocolErrors
    default: []
    }
  }
}

/// What was said in a session, and of what trouble that tells.
struct SessionTranscript {
  private var lines = TranscriptLines()
  private(set) var trouble: SessionNotices.Classes = []
  /// Why it came to no good end.
  var reason = ""
  /// The next reply is a verdict.
  var isVerdict = false

  var isLong: Bool { lines.isLong }

  mutating func heard(_ line: UnsafeRawBufferPointer) { lines.append(command: line, .received) }

  /// `text`: the lines as they are written.
  mutating func said(_ reply: Reply, _ text: UnsafeRawBufferPointer) {
    trouble.formUnion(.init(reply, isVerdict: isVerdict))
    isVerdict = false
    TranscriptLines.forEach(in: text) { lines.append($0, .sent) }
  }

  /// The lines so far.
  var all: [[UInt8]] { lines.all }

  mutating func beginAnew() {
    trouble = []
    isVerdict = false
    lines.beginAnew()
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
      id: "\(id)", time: time, addressee: notices.addressee, peer: client.description, role: .server, transcript: lines, reason: reason)
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

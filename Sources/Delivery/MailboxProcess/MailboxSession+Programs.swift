// SPDX-License-Identifier: Apache-2.0
import Bytes
import Mailbox
import Runtime
import SMTP

/// Programs and .forward files, for our own mta alone.
extension MailboxSession {
  /// In a thread that acts as the user.
  func hasForward(_ address: String, _ user: SystemUser) -> Bool {
    guard let programs = service.programs, !user.name.isEmpty else { return false }
    return ForwardFile.find(programs.rules.forward, of: user, for: address, service.disk, service.note) != nil
  }

  func tellForward(_ address: String) {
    var reply = Reply(250, EnhancedStatus(2, 0, 0), "none")
    do {
      if let programs = service.programs, let user = try ProgramPlace.user(of: address, programs.rules.recipientDelimiter), user.uid != 0 {
        try become(Actor(user), service.clock())
        if hasForward(address, user) { reply = Reply(MailboxExtension.forwarded, EnhancedStatus(2, 1, 5), "yes") }
      }
    } catch {
      service.note("warning: \(address): \(error)")
      reply = Reply(451, EnhancedStatus(4, 3, 0), "user lookup error")
    }
    reply.write(to: &output)
  }

  func perform(order length: Int, content count: Int) {
    guard let bytes = take(length), let content = take(count) else {
      isOver = true
      return
    }
    var answer = ProgramAnswer.done(ProgramOutcome(.deferred, "4.3.0", "the order was lost"))
    if let order = ProgramOrder(encoded: bytes), let programs = service.programs {
      content.withUnsafeBytes { content in
        answer = programs.handle(order, BufferedMail(bytes: content)) { [self] user throws(ProgramPlaceError) in try act(as: user) }
      }
    }
    let encoded = answer.encoded
    Reply(250, EnhancedStatus(2, 0, 0), "\(encoded.count)").write(to: &output)
    output.append(encoded)
  }

  /// Waits for so many bytes; nil if the peer goes.
  private func take(_ count: Int) -> [UInt8]? {
    while input.count < count {
      guard case .received = stream.read(into: &input, timeout: service.settings.timeout) else { return nil }
    }
    let bytes = input.withReadable { Array($0.prefix(count)) }
    input.consume(count)
    return bytes
  }

  private func act(as user: SystemUser?) throws(ProgramPlaceError) {
    do {
      if let user {
        try become(Actor(user), service.clock())
      } else if let own = try SystemUser.find(uid: SystemUser.currentUID) {
        try become(Actor(own), service.clock())
      }
    } catch let error as UserLookupError {
      throw ProgramPlaceError(text: error.text)
    } catch {
      throw ProgramPlaceError(text: "\(error)")
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
import Message
import Queue
import Runtime
import Spool

/// Hands messages to a program: pipe(8). The program runs on threads of its own; nothing waits for it on the loop.
package final class PipeTransport: Transport {
  private let rules: PipeRules
  private let pool: BlockingPool
  private let clock: @Sendable () -> Int64

  /// `pool`: as many threads as programs may run at a time.
  package init(_ rules: PipeRules, pool: BlockingPool, clock: @escaping @Sendable () -> Int64) {
    self.rules = rules
    self.pool = pool
    self.clock = clock
  }

  package func deliver(_ job: DeliveryJob) async -> DeliveryResult {
    let found = await pool.run { [self] in run(job) }
    return found ?? DeliveryResult(job, .init(.deferred, "4.3.2", "too many programs at a time"), relay: rules.name, since: clock(), clock())
  }

  private func run(_ job: DeliveryJob) -> DeliveryResult {
    let began = clock()
    return DeliveryResult(job, outcome(job), relay: rules.name, since: began, clock())
  }

  private func outcome(_ job: DeliveryJob) -> ProgramOutcome {
    if rules.size > 0, job.message.size > Int64(rules.size) {
      return ProgramOutcome(.bounced, "5.2.3", "message size \(job.message.size) exceeds size limit \(rules.size) of transport \(rules.name)")
    }
    if rules.flags.contains("D"), let recipient = job.onlyRecipient, SpooledMail(message: job.message).hasBeenDelivered(to: recipient.address) {
      return ProgramOutcome(.bounced, "5.4.6", "mail forwarding loop for \(recipient.address)")
    }
    var program = MailProgram(rules.arguments(job), environment: ProgramPlace.environment(rules.commands.environment))
    program.directory = rules.directory.isEmpty ? rules.commands.queueDirectory : rules.directory
    program.root = rules.root
    do throws(ProgramPlaceError) {
      program.identity = try ProgramPlace.identity(of: rules.user)
    } catch {
      return ProgramOutcome(.deferred, "4.3.5", error.text)
    }
    let mail = rules.mail(job, now: clock())
    let result = program.run(timeLimit: rules.timeLimit) { write in mail.feed(job.message, write) }
    return ProgramOutcome(result, command: rules.argv.first ?? "", success: "delivered via \(rules.name) service")
  }
}

extension DeliveryJob {
  /// Nil where there are several.
  var onlyRecipient: Recipient? { recipients.count == 1 ? recipients.first.map { message.envelope.recipients[$0.index] } : nil }
}

extension DeliveryResult {
  /// The same for all recipients of a job.
  init(_ job: DeliveryJob, _ outcome: ProgramOutcome, relay: String, since began: Int64, _ now: Int64) {
    self.init(
      job.recipients.map {
        RecipientResult($0.index, outcome.outcome, outcome.reason, relay: relay, transmission: now.difference(from: began))
      })
  }
}

extension SpooledMail {
  func hasBeenDelivered(to address: String) -> Bool {
    var found = false
    peek { found = DeliveryHeaders.isLoop($0, recipient: address) }
    return found
  }
}

struct ProgramPlaceError: Error {
  let text: String
}

/// As whom a program runs, and what it finds there.
enum ProgramPlace {
  /// Nil for this process's own user. To be another needs root's rights, or those that the mailbox process has kept.
  static func identity(of user: String) throws(ProgramPlaceError) -> ChildProcess.Identity? {
    let parts = user.split(separator: ":", maxSplits: 1).map(String.init)
    guard let name = parts.first else { return nil }
    let found = try find(name)
    var group = found.gid
    if parts.count > 1 { group = try self.group(parts[1]) }
    return try identity(of: found, group: group)
  }

  static func identity(of user: SystemUser, group: UInt32) throws(ProgramPlaceError) -> ChildProcess.Identity? {
    guard user.uid != 0 else { throw ProgramPlaceError(text: "no program that gets mail runs as root") }
    if user.uid == SystemUser.currentUID { return nil }
    guard Machine.isRoot else { throw ProgramPlaceError(text: "cannot run as \(user.name): Weir is not started as root") }
    do throws(SystemError) {
      return ChildProcess.Identity(user: user.uid, group: group, groups: try user.groups())
    } catch {
      throw ProgramPlaceError(text: error.description)
    }
  }

  static func find(_ name: String) throws(ProgramPlaceError) -> SystemUser {
    var found: SystemUser?
    do throws(SystemError) { found = try SystemUser.find(name) } catch { throw ProgramPlaceError(text: error.description) }
    guard let found else { throw ProgramPlaceError(text: "there is no user \(name)") }
    return found
  }

  private static func group(_ name: String) throws(ProgramPlaceError) -> UInt32 {
    if let number = UInt32(name) { return number }
    guard let number = SystemUser.group(named: name) else { throw ProgramPlaceError(text: "there is no group \(name)") }
    return number
  }

  static func environment(_ exported: [String]) -> [String] {
    exported.contains { $0.hasPrefix("PATH=") } ? exported : ["PATH=/usr/bin:/bin:/usr/local/bin"] + exported
  }
}

// SPDX-License-Identifier: Apache-2.0
import Bytes
import Delivery
import Queue
import Runtime
import SMTP
import Server
import Settings
import Tables

/// Whether recipients exist. Virtual users are looked up in memory, system users on the pool.
struct RecipientLookup: RecipientDirectory {
  let users: UserDirectory
  /// Empty: every local recipient is taken for known.
  let localRecipients: TableList
  /// `relay_recipient_maps`; asked only if it is set, for domains of relay_domains.
  let relayRecipients: TableList
  let delimiters: String
  /// `local_transport` is `error:`.
  let localRefusal: RecipientVerdict?
  let pool: BlockingPool
  let log: Log
  let now: @Sendable () -> Int64

  func verdict(on query: RecipientQuery) async -> RecipientVerdict {
    query.asksForUser ? await user(query) : .accepted
  }

  private func user(_ query: RecipientQuery) async -> RecipientVerdict {
    let address = query.address.address
    switch query.destination {
    case .virtual: return users.hasVirtual(address) ? .accepted : .unknownUser
    case .remote:
      let keys = AddressKey.virtualMailbox(local: query.address.localPart, domain: query.address.domain ?? "", delimiters: delimiters)
      return relayRecipients.match(keys) == nil ? .unknownUser : .accepted
    case .local:
      if let localRefusal { return localRefusal }
      if localRecipients.isEmpty || isListed(query.address) { return .accepted }
      guard localRecipients.asksSystemUsers else { return .unknownUser }
      return await pool.run { lookUp(address) } ?? .temporaryFailure
    }
  }

  private func isListed(_ address: SMTP.Mailbox) -> Bool {
    let keys = AddressKey.localRecipient(local: address.localPart, domain: address.domain ?? "", delimiters: delimiters)
    return localRecipients.match(keys) != nil
  }

  private func lookUp(_ address: String) -> RecipientVerdict {
    do {
      return try users.isUser(address, .local, now: now()) ? .accepted : .unknownUser
    } catch {
      log.warning("smtpd", "\(address): \(error.text)")
      return .temporaryFailure
    }
  }
}

extension RecipientVerdict {
  /// Nil where there are local mailboxes.
  init?(_ transport: LocalTransport?) {
    guard case .error(let status, let text)? = transport else { return nil }
    self = .refused(status.hasPrefix("4") ? 450 : 550, EnhancedStatus(status), text)
  }
}

/// The names of clients, forward-confirmed.
struct ClientLookup: ClientNaming {
  let names: PeerNames?

  func name(of address: IPAddress) async -> PeerName {
    guard let names else { return .notLookedUp }
    return await names.lookUp(address)
  }
}

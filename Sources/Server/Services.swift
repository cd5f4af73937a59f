// SPDX-License-Identifier: Apache-2.0
import Bytes
import Message
import Queue
import Runtime
import SMTP
import Spool

/// What the sessions of one listener on one loop share: a snapshot of the configuration and the seams to the rest of the daemon.
package final class Services {
  package let context: ServerContext
  package let log: Log
  /// The log under the name of no listener.
  let baseLog: Log
  package let store: any MessageStore
  package let users: any RecipientDirectory
  package let names: any ClientNaming
  package let limits: ClientLimits?
  package let habits: Habits
  /// The certificates in force now; nil when TLS is not offered.
  package let tls: (@Sendable () -> TLSServerContext?)?
  /// Whether TLS begins with the connection (smtpd_tls_wrappermode).
  package let isImplicitTLS: Bool
  /// Nil where the machine judges by itself.
  package let restrictions: RestrictionServices?
  /// Nil where clients connect by themselves.
  package var proxies: ProxyReader?
  /// Nil where refusals say what they say.
  package var footer: RejectFooter?
  /// Nil where clients are served without tests.
  package var screen: Screen?
  /// Who a user of this machine is, and whether that user may hand in mail; nil where clients come over a network.
  package var submitters: (any SubmitterDirectory)?
  /// Nil where no stage looks at mail.
  package var stages: StageServices?
  /// Says who gets a message in the end: copies, aliases. Nil where that is always those whom the client named.
  package var expand: (@Sendable (_ recipients: [Recipient], _ sender: String) async -> Expansion)?
  /// What canonical_maps and the like make of addresses. Nil where that is nothing.
  package var canonical: (@Sendable ([PlacedAddress]) async -> CanonicalAnswer)?
  /// Whether it is for the headers of this client too; nil: an address of no network.
  package var rewritesHeader: @Sendable (IPAddress?) -> Bool = { $0 == nil }
  /// `content_filter`: where its mail goes first; empty where that is nowhere.
  package var contentFilter = ""
  /// The next server (XFORWARD) or programs are told of the client of any message, and not only of those for users of this host.
  package var keepsClient = false
  /// Whom trouble in sessions is told; nil where that is nobody.
  package var notices: SessionNotices?
  /// The same where `$stress` is `yes`; nil where that makes no difference.
  package var underStress: Services?
  package let now: @Sendable () -> Int64
  /// Writes Received and missing fields. One per loop: it remembers the date it wrote last.
  private var arrival: ArrivalHeaders
  private let zone: @Sendable (Int64) -> Zone
  private var zoneIsGoodUntil: Int64 = 0
  /// Summer time begins and ends at full quarters of an hour.
  private static let zoneInterval: Int64 = 900_000_000

  /// The numbers that each read and write needs: the configuration as a whole is dear to copy.
  let pace: Pace

  struct Pace {
    let timeout: Int
    let startTLSTimeout: Int
    let hasRequestDeadline: Bool
    let minimumRate: Int
    let lineLengthLimit: Int

    init(_ configuration: ServerConfiguration) {
      timeout = configuration.smtpdTimeout
      startTLSTimeout = configuration.smtpdStarttlsTimeout
      hasRequestDeadline = configuration.smtpdPerRequestDeadline
      minimumRate = max(1, configuration.smtpdMinDataRate)
      lineLengthLimit = configuration.lineLengthLimit
    }
  }

  package init(
    context: ServerContext, log: Log, store: any MessageStore, users: any RecipientDirectory, names: any ClientNaming,
    limits: ClientLimits? = nil, habits: Habits = Habits(), tls: (@Sendable () -> TLSServerContext?)? = nil, isImplicitTLS: Bool = false,
    restrictions: RestrictionServices? = nil, arrival: ArrivalHeaders,
    zone: @escaping @Sendable (Int64) -> Zone = { _ in .utc }, now: @escaping @Sendable () -> Int64 = wallClock
  ) {
    self.context = context
    pace = Pace(context.configuration)
    self.log = log
    baseLog = log.base
    self.store = store
    self.users = users
    self.names = names
    self.limits = limits
    self.habits = habits
    self.tls = tls
    self.isImplicitTLS = isImplicitTLS
    self.restrictions = restrictions
    self.arrival = arrival
    self.zone = zone
    self.now = now
  }
}

extension Services {
  func zoneNow(_ time: Int64) -> Zone { zone(time) }

  /// What a message gets when it arrives at `time`.
  func compose(
    _ received: ReceivedField, sender: String, arrival time: Int64, content: UnsafeRawBufferPointer, isLocal: Bool
  ) -> ArrivalHeaders.Arrival {
    if time >= zoneIsGoodUntil {
      arrival.zone = zone(time)
      zoneIsGoodUntil = (time / Self.zoneInterval + 1) * Self.zoneInterval
    }
    return arrival.compose(received, sender: sender, arrival: time, content: content, isLocal: isLocal)
  }
}

/// What addresses are turned into.
package enum CanonicalAnswer: Sendable {
  /// One for each, in their order.
  case addresses([String])
  /// What the log is told.
  case failed(String)
}

/// What aliases make of the recipients of a message.
package enum Expansion: Sendable {
  case recipients([Recipient])
  /// The tables make no sense, or have no answer now: what the log is told.
  case failed(String)
}

/// What a listener writes into messages and the log.
package struct Habits: Sendable {
  /// `smtpd_client_port_logging`.
  package var logsClientPort = false
  /// `smtpd_tls_received_header`.
  package var tellsTLSInReceived = false
  /// `smtpd_tls_loglevel` above 0.
  package var logsTLS = true
  /// `trace_codes`: refusals end in a name by which they can be asked about.
  package var marksRefusals = false
  /// `trace_subjects`: what stands in a message may be kept.
  package var tracesSubjects = true
  /// Who gets missing header fields: `local_header_rewrite_clients` and `always_add_missing_headers`.
  package var completesHeader: @Sendable (IPAddress?) -> Bool = { $0 == nil }

  package init() {}
}

/// Where accepted messages become durable: the spool.
package protocol MessageStore: Sendable {
  /// A name that no message has had or will have.
  func reserveID() -> QueueID
  /// Returns when the message is on stable storage, or certainly is not and will not be.
  func commit(_ message: IncomingMessage) async -> CommitOutcome
  /// What all content in memory may take up together: that of sessions and that of the spool.
  var memory: MemoryBudget { get }
  /// Whether the disk is nearly full (`queue_minfree`).
  var isLow: Bool { get }
  /// Content beyond this goes to a file of its own while it arrives.
  var spillThreshold: Int { get }
  /// Begins such a file; nil when there is no room.
  func beginSpill(_ id: QueueID) async -> (any SpillFile)?
}

/// A message whose content arrives in a file of its own. Used by one session at a time.
package protocol SpillFile: AnyObject, Sendable {
  /// Appends `chunk`; false when that failed. The session waits for it: that is the back-pressure.
  func append(_ chunk: ContentChunk) async -> Bool
  /// Makes the file durable; nil when that failed.
  func finish() async -> FinishedFile?
  /// What is in the file so far, to look at; nil when that failed.
  func view() async -> FileView?
  /// Gives the file up.
  func discard() async
}

/// Who gets mail here. Asked on a loop; may answer from a blocking pool.
package protocol RecipientDirectory: Sendable {
  func verdict(on query: RecipientQuery) async -> RecipientVerdict
}

/// The names of clients, for the log and Received.
package protocol SubmitterDirectory: Sendable {
  /// The user's name, or the number where there is none.
  func name(of uid: UInt32) async -> String
  /// `authorized_submit_users`.
  func mayHandIn(_ name: String) -> Bool
}

package protocol ClientNaming: Sendable {
  /// The forward-confirmed name, or why there is none.
  func name(of address: Bytes.IPAddress) async -> PeerName
}

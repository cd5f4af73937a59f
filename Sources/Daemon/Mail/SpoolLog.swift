// SPDX-License-Identifier: Apache-2.0
import Events
import Runtime
import Spool

/// What the spool reports, as log lines.
enum SpoolLog {
  static func write(_ event: SpoolEvent, to log: Log) {
    switch event {
    case .active(let id, let sender, let size, let recipients):
      log.event(Event("qmgr", .active(sender: sender, size: Int(clamping: size), recipients: recipients), queueID: id))
    case .removed(let ids): for id in ids { log.event(Event("qmgr", .removed, queueID: id)) }
    case .recovered(let messages): if messages > 0 { log.info("qmgr", "\(messages) message\(messages == 1 ? "" : "s") found in the queue") }
    case .tornTail(let segment, let offset): log.info("qmgr", "\(segment): what a crash left unfinished at offset \(offset) was cut off")
    case .damage(let segment, let offset): log.error("qmgr", "\(segment): damaged at offset \(offset); the file will be kept aside")
    case .damagedMessage(let id): log.error("qmgr", id, "damaged on disk; it cannot be delivered")
    case .keptAside(let file): log.error("qmgr", "damaged segment kept as \(file)")
    case .removedOrphan(let file): log.info("qmgr", "removed \(file): its message was never accepted")
    case .heldAfterCrashes(let id): log.error("qmgr", id, "held: the process died twice while delivering it; see 'weir queue show \(id)'")
    case .writeFailed(let error): log.error("qmgr", "cannot write the spool: \(error)")
    case .mailboxSyncFailed(let error): log.error("qmgr", "cannot make mailboxes durable: \(error); writing them again")
    case .refusing(let cause): log.error("qmgr", "refusing mail: \(cause)")
    case .accepting: log.info("qmgr", "accepting mail again")
    }
  }
}

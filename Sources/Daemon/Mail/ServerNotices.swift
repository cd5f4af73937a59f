// SPDX-License-Identifier: Apache-2.0
import Delivery
import Events
import Message
import Queue
import Runtime
import Server
import Settings
import Spool

extension Relaying.Means {
  /// Tells the postmaster of servers that did not understand us (`protocol` in notify_classes); nil where nobody wants to know.
  var tellsOfServers: SMTPTransport.Tell? {
    guard let notices = SessionNotices(setup, pool: pool), notices.classes.contains(.protocolErrors) else { return nil }
    let (spool, log, host) = (spool, log, setup.configuration[Keys.myhostname])
    return { trouble in
      // Notices of notices would have no end.
      if trouble.sender.isEmpty || trouble.sender.lowercased() == notices.sender.lowercased() { return }
      let (id, time) = (spool.nextQueueID(), wallClock())
      let zone = LocalZone.at(time)
      let notice = SessionNotice(
        id: "\(id)", time: time, addressee: notices.addressee, peer: trouble.peer, role: .client(trouble.service), transcript: trouble.transcript)
      let (content, messageID) = notices.writer.write(notice, Zone(offset: zone.offset, name: zone.name))
      log.event(Event("cleanup", .messageID(messageID), queueID: id))
      let recipients = await notices.recipients()
      if let recipients, spool.memory.take(content.count) {
        let envelope = Envelope(sender: notices.sender, arrival: time, host: host, recipients: recipients)
        if await spool.commit(IncomingMessage(id: id, envelope: envelope, content: .memory([ContentChunk(content)]))) == .committed { return }
      }
      log.event(Event("cleanup", .text("a notice to the postmaster could not be queued"), severity: .warning, queueID: id))
    }
  }
}

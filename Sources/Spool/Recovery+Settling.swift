// SPDX-License-Identifier: Apache-2.0
import Queue
import Runtime

extension Recovery {
  /// The messages that a worker had in hand when its process died and the machine did not.
  func readMarkers() throws(SpoolError) -> Set<QueueID> {
    do throws(DiskError) {
      let size = Int(try folder.disk.status(folder.marker).size)
      var ids: Set<QueueID> = []
      for offset in stride(from: 0, to: min(size, 1024 * Marker.pageSize), by: Marker.pageSize) {
        let page = try folder.disk.read(folder.marker, offset, Marker.pageSize)
        ids.formUnion(page.withUnsafeBytes { Marker.ids($0, boot: boot) })
      }
      return ids
    } catch {
      throw .disk(error)
    }
  }

  /// Decides what comes next for each message that was found.
  mutating func settle(_ suspects: Set<QueueID>) {
    let origin: Entry.Origin = lastBoot == nil || lastBoot == boot ? .known : .rebooted
    for id in agenda.entries.keys.sorted() {
      agenda.entries[id]?.origin = origin
      guard let entry = agenda.entries[id] else { continue }
      if deltas[id] == nil && !suspects.contains(id) {
        agenda.schedule(id, at: entry.nextAttempt)
      } else {
        changed.append(Changed(id: id, deltas: deltas[id] ?? [], isSuspect: suspects.contains(id)))
      }
    }
  }
}

extension Spool {
  /// Puts the states of a found message together and decides what is to be written about it.
  func settle(_ changed: Recovery.Changed) throws(SpoolError) {
    guard var progress = try load(changed.id)?.record.progress else { return }
    for delta in changed.deltas where progress.states.indices.contains(delta.recipient) {
      if progress.states[delta.recipient].allows(delta.state) { progress.states[delta.recipient] = delta.state }
    }
    if progress.states.allSatisfy(\.isFinal) { return enqueue(.finished([changed.id])) }
    if changed.isSuspect { blame(changed.id, &progress) }
    agenda.withLock { agenda in
      agenda.entries[changed.id]?.crashes = progress.crashes
      agenda.active[changed.id] = ActiveMessage(
        states: progress.states, isInAttempt: false, isParking: true, snapshots: 1, isWarned: progress.isWarned)
      agenda.schedule(changed.id, at: progress.nextAttempt)
    }
    enqueue(.snapshot(changed.id, progress))
  }

  /// Its process died during its delivery.
  private func blame(_ id: QueueID, _ progress: inout Progress) {
    progress.crashes = progress.crashes == .max ? .max : progress.crashes + 1
    guard Int(progress.crashes) >= settings.crashLimit else { return }
    let reason = Reason(status: "4.3.0", text: "held: the process died \(progress.crashes) times during its delivery")
    for index in progress.states.indices where !progress.states[index].isFinal { progress.states[index] = .held(reason) }
    progress.nextAttempt = Progress.asked
    report(.heldAfterCrashes(id))
  }
}

// SPDX-License-Identifier: Apache-2.0
import Runtime
import SMTP
import Server

/// Takes in what `sendmail` has left in the drop folder. Anybody may have put anything there: what is no message of the user who owns the file is
/// removed, and nothing is ever followed.
///
/// Each user has a turn after the other, so that one who leaves a million messages keeps nobody else waiting.
final class DropReader: Sendable {
  private struct State {
    var isBusy = false
    var isStopped = false
    /// When a message that was not taken is tried again.
    var later: [String: Instant] = [:]
    /// What was told already, so that it is told once.
    var complaints: Set<String> = []
  }

  /// A file that was opened and is worth taking in. Used by one task at a time.
  private struct Found: @unchecked Sendable {
    let name: String
    let uid: UInt32
    let handle: DiskHandle
    let contents: DropContents
  }

  private let path: String
  private let services: @Sendable (EventLoop) -> Services
  private let loop: EventLoop
  private let pool: BlockingPool
  private let log: Log
  private let state = Monitor(State())

  /// So many names are looked at in one round.
  private static let maximumNames = 20_000
  /// Of one user, before the others have had their turn.
  private static let quota = 100
  private static let retryDelay = Duration.seconds(60)
  /// A file that somebody began to write so long ago will not be ended any more.
  private static let halfLife: Int64 = 3_700_000_000
  private static let maximumComplaints = 1000

  init(_ path: String, on loop: EventLoop, pool: BlockingPool, log: Log, services: @escaping @Sendable (EventLoop) -> Services) {
    self.path = path
    self.loop = loop
    self.pool = pool
    self.log = log
    self.services = services
  }

  /// Begins a round, unless one is going on. From any thread.
  func look() {
    guard
      state.withLock({ state -> Bool in
        if state.isBusy || state.isStopped { return false }
        state.isBusy = true
        return true
      })
    else { return }
    loop.spawn { [self] in
      await round()
      state.withLock { $0.isBusy = false }
    }
  }

  /// The message in hand is the last one.
  func stop() { state.withLock { $0.isStopped = true } }

  private var isStopped: Bool { state.withLock { $0.isStopped } }

  private func round() async {
    var turns = await pool.run { [self] in self.turns() } ?? [[String]]()
    while !turns.isEmpty, !isStopped {
      for index in turns.indices {
        for name in turns[index].prefix(Self.quota) where !isStopped { await take(name) }
        turns[index].removeFirst(min(Self.quota, turns[index].count))
      }
      turns.removeAll(where: \.isEmpty)
    }
  }

  /// The names of each user's messages.
  private func turns() -> [[String]] {
    let disk = LinuxDisk()
    guard let folder = try? disk.open(path, at: nil, [.read, .directory, .noFollow], mode: 0) else { return [] }
    defer { try? disk.close(folder) }
    let now = Instant.now()
    let waiting = state.withLock { state -> Set<String> in
      state.later = state.later.filter { $0.value > now }
      return Set(state.later.keys)
    }
    let names = ((try? disk.list(folder)) ?? []).prefix(Self.maximumNames).filter { !waiting.contains($0) }
    var users: [UInt32: [(name: String, time: Int64)]] = [:]
    for name in names {
      guard let status = try? disk.status(name, at: folder) else { continue }
      if Self.isMessage(name) { users[status.owner, default: []].append((name, status.modified)) } else { tidy(name, status, folder, disk) }
    }
    return users.sorted { $0.key < $1.key }.map { $0.value.sorted { $0.time < $1.time }.map(\.name) }
  }

  private static func isMessage(_ name: String) -> Bool { name.first == "M" && hasForm(name) }

  private static func hasForm(_ name: String) -> Bool {
    name.utf8.count == 33 && name.dropFirst().utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
  }

  private func tidy(_ name: String, _ status: FileStatus, _ folder: DiskHandle, _ disk: LinuxDisk) {
    if name.first == "T", Self.hasForm(name), status.isRegular, wallClock() - status.modified < Self.halfLife { return }
    // Kept for the administrator.
    if name.first == "R", Self.hasForm(name) { return }
    remove(name, status.owner, name.first == "T" ? "it was never ended" : "no name of ours", folder, disk)
  }

  private func remove(_ name: String, _ uid: UInt32, _ reason: String, _ folder: DiskHandle, _ disk: LinuxDisk) {
    let isNew = state.withLock { $0.complaints.count < Self.maximumComplaints && $0.complaints.insert(name).inserted }
    do {
      try disk.unlink(name, at: folder)
      log.warning("pickup", "\(shown(name)) of uid \(uid): removed: \(reason)")
    } catch {
      if isNew { log.warning("pickup", "\(shown(name)) of uid \(uid): ignored: \(reason); \(error)") }
    }
  }

  /// Names may hold anything.
  private func shown(_ name: String) -> String {
    path + "/" + String(String.UnicodeScalarView(name.unicodeScalars.prefix(64).map { (0x21...0x7e).contains($0.value) ? $0 : "?" }))
  }

  // MARK: A message

  private func take(_ name: String) async {
    guard let found = await pool.run({ [self] in open(name) }) ?? nil else { return }
    let stream = DropStream(found.contents, on: loop, pool: pool)
    let services = services(loop)
    let user = await services.submitters?.name(of: found.uid) ?? "\(found.uid)"
    if services.submitters?.mayHandIn(user) == true {
      await Session(stream, client: Client(submitter: Client.Submitter(uid: found.uid, name: user)), services: services).run()
    }
    let isAllowed = services.submitters?.mayHandIn(user) == true
    let outcome = isAllowed ? stream.outcome : .refused("User \(user)(\(found.uid)) is not allowed to submit mail", recipient: nil)
    _ = await pool.run { [self] in finish(found, outcome) }
  }

  /// Nil for what is no message; it is gone then.
  private func open(_ name: String) -> Found? {
    let disk = LinuxDisk()
    guard let folder = try? disk.open(path, at: nil, [.read, .directory, .noFollow], mode: 0) else { return nil }
    defer { try? disk.close(folder) }
    guard let status = try? disk.status(name, at: folder) else { return nil }
    guard status.isRegular else {
      remove(name, status.owner, "no regular file", folder, disk)
      return nil
    }
    let handle: DiskHandle
    do {
      handle = try disk.open(name, at: folder, [.read, .noFollow, .nonBlocking], mode: 0)
    } catch {
      setAside(name)
      log.warning("pickup", "\(shown(name)) of uid \(status.owner): \(error)")
      return nil
    }
    do throws(DropContents.Fault) {
      return Found(name: name, uid: try owner(handle, disk), handle: handle, contents: try contents(handle, disk))
    } catch {
      // Another process has it, or had it.
      if error.text.isEmpty {
        try? disk.close(handle)
        return nil
      }
      remove(name, (try? disk.status(handle))?.owner ?? .max, error.text, folder, disk)
      try? disk.close(handle)
      return nil
    }
  }

  private func owner(_ handle: DiskHandle, _ disk: LinuxDisk) throws(DropContents.Fault) -> UInt32 {
    guard (try? disk.lock(handle)) == true, let status = try? disk.status(handle), status.links > 0 || !status.isRegular else {
      throw DropContents.Fault("")
    }
    guard status.isRegular else { throw DropContents.Fault("no regular file") }
    guard status.links == 1 else { throw DropContents.Fault("it has another name: \(status.links) links") }
    guard status.mode & 0o022 == 0 else { throw DropContents.Fault("others may write it") }
    return status.owner
  }

  private func contents(_ handle: DiskHandle, _ disk: LinuxDisk) throws(DropContents.Fault) -> DropContents {
    let size = (try? disk.status(handle))?.size ?? 0
    guard size <= DropFile.maximumSize else { throw DropContents.Fault("\(size) bytes are too many") }
    return try DropContents(handle, size: size, disk: disk)
  }

  private func setAside(_ name: String) { state.withLock { $0.later[name] = .now() + Self.retryDelay } }

  private func finish(_ found: Found, _ outcome: SubmissionClient.Outcome?) {
    let disk = LinuxDisk()
    defer { try? disk.close(found.handle) }
    guard let folder = try? disk.open(path, at: nil, [.read, .directory, .noFollow], mode: 0) else { return }
    defer { try? disk.close(folder) }
    switch outcome {
    case .queued:
      try? disk.unlink(found.name, at: folder)
      try? disk.synchronize(folder)
    case .refused(let reply, _):
      let kept = "R" + found.name.dropFirst()
      try? disk.rename(found.name, at: folder, to: kept, at: folder, replacing: true)
      log.error("pickup", "uid=\(found.uid) from=<\(found.contents.submission.sender)>: refused: \(reply); the message is kept in \(path)/\(kept)")
    case .deferred(let reply):
      setAside(found.name)
      log.warning("pickup", "uid=\(found.uid) from=<\(found.contents.submission.sender)>: not taken now: \(reply)")
    case nil: setAside(found.name)
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
import Runtime

extension DoctorFacts {
  func judgeFiles() -> [Finding] {
    let findings = files.compactMap(judge)
    let isSound = findings.allSatisfy { $0.severity <= .note }
    let count = files.count { $0.status != nil }
    return judgeRunner() + (isSound && count > 0 ? [Finding(.files, .ok, "\(count) files and folders can be changed by nobody else")] : []) + findings
  }

  private func judgeRunner() -> [Finding] {
    switch runner {
    case .starter(let name):
      [Finding(.files, .note, "Weir would run as \(name), who starts it; mail for other users of this machine needs a start as root")]
    case .user(let name, _): [Finding(.files, .ok, "the processes that read the network run as \(name)")]
    case .root(let name):
      [Finding(.files, .problem, "mail_owner = \(name) is root", remedy: "name a user without rights: these processes read from the network")]
    case .missing(let name):
      [
        Finding(
          .files, .problem, "mail_owner = \(name): there is no such user",
          remedy: "useradd --system --no-create-home --shell /usr/sbin/nologin \(name)")
      ]
    }
  }

  private func judge(_ file: File) -> Finding? {
    guard let status = file.status else {
      return file.role == .folder ? Finding(.files, .note, "\(file.path) is not there yet; Weir makes it when it starts") : nil
    }
    let mode = "mode " + String(status.mode & 0o7777, radix: 8)
    if status.mode & 0o022 != 0, !(file.role == .folder && status.mode & 0o1000 != 0) {
      return Finding(.files, .problem, "\(file.path) can be changed by others (\(mode))", remedy: "chmod go-w \(file.path)")
    }
    switch file.role {
    case .configuration: return judgeOwner(file.path, status, mayBeRunner: false)
    case .key:
      if status.mode & 0o004 != 0 {
        return Finding(.files, .problem, "\(file.path) holds a private key that every user can read (\(mode))", remedy: "chmod o-rwx \(file.path)")
      }
      return judgeOwner(file.path, status, mayBeRunner: true)
    case .folder: return judgeFolder(file.path, status)
    }
  }

  /// Who owns a file can change it.
  private func judgeOwner(_ path: String, _ status: File.Status, mayBeRunner: Bool) -> Finding? {
    guard case .user(_, let uid) = runner, status.owner != 0 else { return nil }
    if status.owner == uid, mayBeRunner { return nil }
    return Finding(
      .files, .warning, "\(path) belongs to \(status.ownerName), who can change it; started as root, Weir reads only what root alone can change",
      remedy: "chown root \(path)")
  }

  private func judgeFolder(_ path: String, _ status: File.Status) -> Finding? {
    guard case .user(let name, let uid) = runner, status.owner != uid else { return nil }
    return Finding(
      .files, .problem, "\(path) belongs to \(status.ownerName), so \(name) cannot write there", remedy: "chown -R \(name) \(path)")
  }

  func judgeDisks() -> [Finding] {
    disks.map { disk in
      let (path, volume) = (disk.path, disk.volume)
      let free = Self.size(volume.freeBytes)
      if volume.isReadOnly { return Finding(.disk, .problem, "\(path) is mounted read-only", remedy: "see `dmesg` for why, and mount it writable") }
      if volume.freeBytes < disk.minimum {
        return Finding(
          .disk, .problem, "\(path) has \(free) free, and below \(Self.size(disk.minimum)) mail is refused (queue_minfree, message_size_limit)",
          remedy: "make room; `du -xh --max-depth=2 \(path) | sort -h` shows what is big")
      }
      if volume.inodes > 0, volume.freeInodes < max(1000, volume.inodes / 20) {
        return Finding(
          .disk, .warning, "\(path) has \(volume.freeInodes) of \(volume.inodes) inodes left, and each message in a Maildir takes one",
          remedy: "remove old files, or make a file system with more inodes (mkfs -i)")
      }
      if ["tmpfs", "ramfs"].contains(volume.type) {
        return Finding(
          .disk, .problem, "\(path) is in memory (\(volume.type)): all mail in it is lost when the machine starts again", remedy: "move it to a disk")
      }
      if volume.freeBytes < disk.minimum * 4 || volume.freeBytes < volume.bytes / 20 {
        return Finding(.disk, .warning, "\(path) has \(free) free of \(Self.size(volume.bytes))", remedy: "make room before mail is refused")
      }
      if !["ext4", "xfs", "btrfs"].contains(volume.type) {
        return Finding(
          .disk, .note, "\(path) has \(free) free, on \(volume.type): each file is made durable by itself, which is slower than on ext4, XFS or btrfs"
        )
      }
      return Finding(.disk, .ok, "\(path) has \(free) free, on \(volume.type)")
    }
  }

  private static func size(_ bytes: Int64) -> String {
    var (value, units) = (Double(bytes), ["bytes", "KiB", "MiB", "GiB", "TiB"][...])
    while value >= 1024, units.count > 1 {
      value /= 1024
      units = units.dropFirst()
    }
    let unit = units.first ?? ""
    if unit == "bytes" || value >= 100 { return "\(Int(value)) \(unit)" }
    return "\(Int(value)).\(Int(value * 10) % 10) \(unit)"
  }

  func judgeClock() -> [Finding] {
    switch isClockSynchronized {
    case true: [Finding(.clock, .ok, "the clock is synchronised")]
    case nil: [Finding(.clock, .note, "whether the clock is synchronised cannot be asked here")]
    case false:
      [
        Finding(
          .clock, .warning, "the clock is not synchronised; dates in mail, certificates and signatures go wrong with it",
          remedy: "timedatectl set-ntp true, or install chrony; in a container, on its host")
      ]
    }
  }

  func judgeNeighbours() -> [Finding] {
    if neighbours.isEmpty { return [Finding(.neighbours, .ok, "there is no other mail server on this machine")] }
    return neighbours.map { each in
      each.isRunning
        ? Finding(
          .neighbours, .warning, "\(each.name) is running too; only one of the two can have port 25",
          remedy: "systemctl disable --now \(each.name), unless it serves other ports")
        : Finding(
          .neighbours, .note, "\(each.name) is installed, and not running; it may start with the machine and take port 25",
          remedy: "systemctl disable \(each.name)")
    }
  }
}

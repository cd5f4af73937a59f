// SPDX-License-Identifier: Apache-2.0

extension Area {
  static let spool = Area(
    "Spool", "Where messages wait, safe from power cuts, until they are delivered. docs/spool.md tells how.",
    [
      Keys.queueDirectory, Keys.queueMinfree, Keys.spoolSegmentSize, Keys.spoolBigMessageSize, Keys.spoolMemoryLimit, Keys.spoolBatchSize,
      Keys.spoolReadyLimit, Keys.spoolSpareSegments, Keys.spoolNoteDelay, Keys.syncInterval, Keys.syncBytes, Keys.spoolCrashLimit,
    ])
}

extension Keys {
  package static let queueDirectory = Key.path(
    "queue_directory", "$data_directory/queue", example: "/var/spool/weir", "The folder of the spool. It must be on a disk of this machine.")

  package static let queueMinfree = Key.byteCount(
    "queue_minfree", "0", .anywhere, example: "1G",
    "Mail is refused for the time being (452) while the disk of the spool has less room than this. 0 means no limit.")

  package static let spoolSegmentSize = Key.byteCount(
    "spool_segment_size", "32M", in: 1_048_576...4_294_967_296, .weir, example: "128M",
    "The length of the files that the spool writes to. Each holds at least four messages of spool_big_message_size.")

  package static let spoolBigMessageSize = Key.byteCount(
    "spool_big_message_size", "1M", in: 4096...1_073_741_824, .weir, example: "4M", "Longer messages get a file of their own in the spool.")

  package static let spoolMemoryLimit = Key.byteCount(
    "spool_memory_limit", "16M", in: 1_048_576...1_099_511_627_776, .weir, example: "256M",
    "How much of the messages that are just arriving or just leaving is held in memory. Beyond it they are written to files early.")

  package static let spoolBatchSize = Key.byteCount(
    "spool_batch_size", "4M", in: 65536...1_073_741_824, .weir, example: "16M", "How much is written, and made durable, in one go.")

  package static let spoolReadyLimit = Key.integer(
    "spool_ready_limit", 10_000, in: 100...10_000_000, .weir, example: "100000",
    "How many messages that are ready for delivery are held in memory with all that is known of them; of the rest only the ids are.")

  package static let spoolSpareSegments = Key.integer(
    "spool_spare_segments", 2, in: 0...1000, .weir, example: "8", "How many empty segment files are kept to be used again.")

  package static let spoolNoteDelay = Key.duration(
    "spool_note_delay", "100ms", unit: .milliseconds, seconds: 0...60, .weir, example: "20ms",
    "How long the note that a message was delivered waits for new messages to be written with.")

  package static let syncInterval = Key.duration(
    "sync_interval", "2s", seconds: 0...3600, .weir, example: "5s",
    "How long a message stays in the spool after it was delivered to a mailbox, until all such mailboxes are made durable at once.")

  package static let syncBytes = Key.byteCount(
    "sync_bytes", "64M", in: 4096...1_099_511_627_776, .weir, example: "256M", "The same happens as soon as so much was delivered.")

  package static let spoolCrashLimit = Key.integer(
    "spool_crash_limit", 3, in: 1...100, .weir, example: "2",
    "A message that was being delivered so many times in a row when the process died is held back and logged. Before the last time it is tried alone."
  )
}

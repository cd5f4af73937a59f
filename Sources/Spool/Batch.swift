// SPDX-License-Identifier: Apache-2.0
import Queue
import Runtime

/// What goes to the disk in one write.
struct Batch {
  var messages: [PendingMessage] = []
  /// Live messages of the oldest segment, to be written again.
  var moves: [Move] = []
  var notes: [NoteRecord] = []
  var isLast = false

  struct Move {
    var record: MessageRecord
    var content: [UInt8]

    var space: Int { record.envelope.encodedSizeBound + record.progress.encodedSizeBound + content.count }
  }

  /// Where a record was put.
  struct Place {
    let offset: UInt32
    let length: UInt32
  }

  /// Places of the messages, of the moved ones and of the notes, in this order.
  struct Layout {
    var places: [Place] = []
    /// Of everything, from the batch's start.
    var length = 0
  }

  static let headSpace = 128

  /// Writes the records for a batch that begins at `offset`.
  func encode(into writer: inout RecordWriter, head: BatchHead, generation: UInt64, offset: Int) -> Layout {
    writer.removeAll()
    head.write(to: &writer)
    var starts: [Int] = []
    var contentPositions: [Int] = []
    for message in messages {
      starts.append(writer.bytes.count)
      let record = MessageRecord(
        id: message.message.id, place: message.place, progress: message.progress, envelope: message.message.envelope)
      contentPositions.append(record.write(to: &writer))
    }
    for move in moves {
      starts.append(writer.bytes.count)
      contentPositions.append(move.record.write(to: &writer))
    }
    for note in notes {
      starts.append(writer.bytes.count)
      note.write(to: &writer)
    }
    let length = placeContents(contentPositions, &writer, offset: offset)
    BatchHead.setLengths(&writer, metadata: writer.bytes.count, total: length)
    writer.seal(generation: generation, offset: offset)
    return Layout(places: places(starts, end: writer.bytes.count, offset: offset), length: length)
  }

  /// Contents follow the records in the same order; answers the batch's length.
  private func placeContents(_ positions: [Int], _ writer: inout RecordWriter, offset: Int) -> Int {
    var end = writer.bytes.count
    let places = messages.map(\.place) + moves.map(\.record.place)
    for (position, place) in zip(positions, places) where !place.isFile {
      MessageRecord.setContentOffset(&writer, at: position, to: offset + end)
      end += Int(place.length)
    }
    return end
  }

  private func places(_ starts: [Int], end: Int, offset: Int) -> [Place] {
    starts.indices.map { index in
      let next = index + 1 < starts.count ? starts[index + 1] : end
      return Place(offset: UInt32(offset + starts[index]), length: UInt32(next - starts[index]))
    }
  }

  /// Calls `body` with the contents in their order, without copying them.
  func withContents(_ body: ([UnsafeRawBufferPointer]) throws(DiskError) -> Void) throws(DiskError) {
    var pieces: [UnsafeRawBufferPointer] = []
    for message in messages {
      if case .memory(let chunks) = message.message.source { pieces += chunks.map(\.bytes) }
    }
    let moved = moves.flatMap(\.content)
    try moved.withPieces { (moved) throws(DiskError) in
      try withExtendedLifetime(messages) { () throws(DiskError) in try body(pieces + moved) }
    }
  }
}

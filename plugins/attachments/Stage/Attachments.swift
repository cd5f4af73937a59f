// SPDX-License-Identifier: Apache-2.0
import CArchive
import Message
import WeirPlugin

/// Looks at the attachments of each message, and does what the policy says about what it finds.
///
/// An instance never changes, so sessions on any thread use it at once. Names and beginnings are looked at where the session runs; what has to be opened
/// is copied and given to a thread.
package final class Attachments: Stage {
  package static let component = Component(
    "attachments", help: "refuses, holds, takes out or marks attachments by name, type and content", events: [.endOfMessage],
    capabilities: [.headers, .fields, .content, .body, .route, .reject],
    options: [
      .string(
        "refuse_extensions", default: "default",
        help: "files whose names end so are refused: words such as exe; `default` is the list of docs/attachments.md, -word takes one off"
      ).many,
      .string("discard_extensions", default: "", help: "the message is taken and thrown away").many,
      .string("hold_extensions", default: "", help: "the message is kept in the queue until somebody releases it").many,
      .string("strip_extensions", default: "", help: "the file is taken out, and a note put in its place").many,
      .string("tag_extensions", default: "", help: "the message gets a header field X-Attachments").many,
      .string(
        "refuse_types", default: "default",
        help:
          "files that are of this type, whatever their name: pe elf mach-o java dex script windows-script shortcut macro installer help onenote disk-image zip archive compressed compound tnef"
      ).many,
      .string("discard_types", default: "", help: "as discard_extensions").many,
      .string("hold_types", default: "", help: "as hold_extensions").many,
      .string("strip_types", default: "", help: "as strip_extensions").many,
      .string("tag_types", default: "", help: "as tag_extensions").many,
      .string("refuse_mime_types", default: "default", help: "parts that say they are of this type: application/x-msdownload, video/*").many,
      .string("discard_mime_types", default: "", help: "as discard_extensions").many,
      .string("hold_mime_types", default: "", help: "as hold_extensions").many,
      .string("strip_mime_types", default: "", help: "as strip_extensions").many,
      .string("tag_mime_types", default: "", help: "as tag_extensions").many,
      .string(
        "double_extensions", default: "pass",
        help: "virus.exe.pdf: an extension of the lists before the last one. pass, tag, strip, hold, discard or refuse, as the next ones"),
      .string("reversed_names", default: "refuse", help: "names with characters that turn the direction of writing around"),
      .string("encrypted", default: "tag", help: "archives and documents that a password protects"),
      .string("broken", default: "refuse", help: "archives and documents that cannot be read, or not to their end"),
      .string("over_limit", default: "refuse", help: "what is beyond one of the limits"),
      .bool("archives", default: "yes", help: "whether archives, documents and attached messages are opened"),
      .int("archive_depth_limit", default: "5", help: "archives within archives"),
      .int("archive_entry_limit", default: "10000", help: "files in all archives of a message"),
      .size("archive_size_limit", default: "256M", help: "bytes unpacked of all archives of a message"),
      .size("archive_memory_limit", default: "64M", help: "memory for archives that are in archives"),
      .int("archive_ratio_limit", default: "250", help: "how many times as long an archive may become, once that is over 10 MiB"),
      .duration("archive_time_limit", default: "5s", help: "processor time for all archives of a message"),
      .int("attachment_count_limit", default: "0", help: "attachments in a message; 0 is no limit"),
      .size("attachment_size_limit", default: "0", help: "bytes of an attachment; 0 is no limit"),
    ],
    properties: Reaction.properties)

  private let policy: Policy

  package init(host: Host, options: Options) throws { policy = try Policy(options) }

  package func handle(_ event: Event, _ context: Context) throws -> Verdict {
    let message = try LentMessage(context)
    let survey = Survey(header: message.header, body: message.body, policy: policy)
    let reaction = Reaction(policy: policy)
    if survey.deep.isEmpty || survey.findings.isDecided { return try reaction.perform(survey.findings, message, context) }
    let work = Work(survey, message.body)
    return context.verdict(afterWork: { work.run() }) { findings, context in
      try reaction.perform(findings, LentMessage(context), context)
    }
  }
}

/// The message as the host lends it: good until the callback returns.
struct LentMessage {
  private(set) var header: [(name: [UInt8], value: [UInt8])] = []
  private(set) var references: [UInt64] = []
  let body: UnsafeRawBufferPointer

  init(_ context: Context) throws {
    var (header, references): ([(name: [UInt8], value: [UInt8])], [UInt64]) = ([], [])
    try context.eachHeader { reference, name, value in
      guard MessageParts.counts(name.bytes) else { return }
      header.append((Array(name.bytes), Array(value.bytes)))
      references.append(reference)
    }
    (self.header, self.references) = (header, references)
    let first = try context.content(at: 0)?.bytes ?? UnsafeRawBufferPointer(start: nil, count: 0)
    guard Self.isHeader(first) else { throw HostError.unsupported }
    body = try context.content(at: UInt64(first.count))?.bytes ?? UnsafeRawBufferPointer(start: nil, count: 0)
    guard try context.content(at: UInt64(first.count + body.count)) == nil else { throw HostError.unsupported }
  }

  /// This host lends the header with its empty line in one piece, and the body in another.
  private static func isHeader(_ piece: UnsafeRawBufferPointer) -> Bool {
    if piece.count == 1, piece[0] == 0x0a { return true }
    guard let base = piece.baseAddress, let end = carchive_find(base, piece.count, "\n\n", 2) else { return piece.isEmpty }
    return base.distance(to: end) == piece.count - 2
  }
}

/// Attachments that are to be opened on another thread, with copies of them.
private struct Work: Sendable {
  private let policy: Policy
  private let leaves: [Leaf]
  private let findings: Findings

  private struct Leaf: Sendable {
    let leaf: Survey.Leaf
    let content: [UInt8]
  }

  init(_ survey: Survey, _ body: UnsafeRawBufferPointer) {
    (policy, findings) = (survey.policy, survey.findings)
    leaves = survey.deep.map { leaf in
      guard let inline = leaf.inline else { return Leaf(leaf: leaf, content: Array(body[leaf.content])) }
      let lines = inline.lines.lowerBound + leaf.content.lowerBound..<inline.lines.upperBound + leaf.content.lowerBound
      var alone = leaf
      alone.inline = inline.alone
      return Leaf(leaf: alone, content: Array(body[lines]))
    }
  }

  func run() -> Findings {
    var inspector = FileInspector(policy)
    for part in leaves where !inspector.findings.isDecided {
      part.content.withUnsafeBytes { content in
        for bytes in FileInspector.decoded(part.leaf, content) {
          bytes.withUnsafeBytes {
            inspector.attachment(.init(bytes: $0, names: part.leaf.names, path: [part.leaf.shown], mimeType: part.leaf.type), place: part.leaf.place)
          }
        }
      }
    }
    var all = findings
    all.add(inspector.findings)
    return all
  }
}

// SPDX-License-Identifier: Apache-2.0
import Pipeline

/// Any bytes as a frame from a worker, or to one: no trap, and what was read is written as the same bytes.
@_cdecl("LLVMFuzzerTestOneInput")
func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let data = UnsafeRawBufferPointer(start: start, count: count)
  let bytes = Array(data)
  if let frame = try? WorkerFrame(decoding: data) {
    precondition(again(frame.encoded) { try? WorkerFrame(decoding: $0).encoded })
    if case .outcome(_, let piece) = frame { check(piece) }
  }
  if let frame = try? HostFrame(decoding: data) { precondition(again(frame.encoded) { try? HostFrame(decoding: $0).encoded }) }
  check(bytes)
  return 0
}

/// The outcome that a worker claims for a message: whatever its edits are, a message takes them or refuses them.
func check(_ bytes: [UInt8]) {
  guard let outcome = try? StageOutcome(decoding: bytes) else { return }
  precondition((try? StageOutcome(decoding: outcome.encoded).encoded) == outcome.encoded)
  let message = StagedMessage()
  message.setContent(header: Array("Subject: x\nTo: y\n".utf8), body: OwnedBytes(Array("z\n".utf8)))
  for edit in outcome.edits { _ = message.apply(edit) }
  message.stageEnded()
  let rendered = message.fields.rendered()
  precondition(rendered.isEmpty || rendered.last == 0x0a)
}

func again(_ bytes: [UInt8], _ read: (UnsafeRawBufferPointer) -> [UInt8]?) -> Bool { bytes.withUnsafeBytes { read($0) } == bytes }

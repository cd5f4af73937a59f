// SPDX-License-Identifier: Apache-2.0
import Message
import Queue

/// canonical_maps and masquerade_domains in the sender and the header of a message, before the stages see them: who signs it signs what leaves.
extension Session {
  func canonicalSender(_ sender: String, _ message: ArrivingMessage) async -> String? {
    guard !sender.isEmpty, let canonical = services.canonical else { return nil }
    switch await canonical([PlacedAddress(sender, .envelopeSender)]) {
    case .addresses(let found): return found.first
    case .failed(let cause):
      message.rewriteFailure = cause
      return nil
    }
  }

  /// The header is in the last chunk, after our own fields.
  func withCanonicalHeader(_ chunks: [ContentChunk], _ message: ArrivingMessage) async -> [ContentChunk] {
    guard let canonical = services.canonical, rewritesHeader, let content = chunks.last else { return chunks }
    var found: Set<PlacedAddress> = []
    _ = HeaderBlock.withPlacedAddresses(of: content.bytes) { address in
      found.insert(address)
      return address.text
    }
    if found.isEmpty { return chunks }
    let asked = Array(found)
    switch await canonical(asked) {
    case .failed(let cause): message.rewriteFailure = cause
    case .addresses(let answers):
      let known = Dictionary(zip(asked, answers)) { first, _ in first }
      guard let changed = HeaderBlock.withPlacedAddresses(of: content.bytes, { known[$0] ?? $0.text }) else { break }
      return chunks.dropLast() + [ContentChunk(changed.header + content.bytes[changed.rest...])]
    }
    return chunks
  }

  private var rewritesHeader: Bool { services.rewritesHeader(client.isLocal ? nil : client.address ?? .anyV4) }
}

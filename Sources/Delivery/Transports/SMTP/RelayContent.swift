// SPDX-License-Identifier: Apache-2.0
import Bytes
import Message
import Queue
import Runtime
import SMTP
import Spool

/// A message's content on its way to servers: from the spool's memory where it is there, else from disk, read on the pool.
final class RelayContent {
  private let message: QueuedMessage
  private let pool: BlockingPool
  private let settings: SMTPClientSettings
  private let addresses: GenericAddresses
  /// The whole content, or its first piece.
  private var pieces: [ContentChunk] = []
  private(set) var isInMemory = true
  private var isLoaded = false
  /// The content in seven bits, once a server has needed it.
  private var narrow: ContentChunk?

  /// So much is written at a time.
  private static let portion = 64 * 1024

  init(_ message: QueuedMessage, pool: BlockingPool, settings: SMTPClientSettings, addresses: GenericAddresses) {
    self.message = message
    self.pool = pool
    self.settings = settings
    self.addresses = addresses
  }

  /// Makes sure that it is there, or at least its beginning.
  func load() async throws(RelaySession.Trouble) {
    if isLoaded { return }
    if let chunks = message.contentInMemory {
      pieces = chunks
    } else if let reader = message.contentReader() {
      guard case .piece(let first) = await read(reader) else { throw .unreadable }
      pieces = first.map { [$0] } ?? []
      isInMemory = reader.isSmall
    }
    if !settings.generic.isEmpty { try await rewriteHeader() }
    isLoaded = true
  }

  /// smtp_generic_maps: the header is in the first piece of a content that is too big for one.
  private func rewriteHeader() async throws(RelaySession.Trouble) {
    if pieces.count > 1 {
      var whole = ByteBuffer()
      for piece in pieces { whole.append(piece.bytes) }
      pieces = [ContentChunk(whole)]
    }
    guard let first = pieces.first else { return }
    var found: [String] = []
    _ = HeaderBlock.withAddresses(of: first.bytes) { address in
      found.append(address)
      return address
    }
    try await addresses.learn(found)
    guard let changed = HeaderBlock.withAddresses(of: first.bytes, { addresses.address(for: $0) }) else { return }
    pieces = [ContentChunk(changed.header), ContentChunk(first, from: changed.rest)]
  }

  private enum Read: Sendable { case piece(ContentChunk?), failed }

  private func read(_ reader: ContentReader) async -> Read {
    await pool.run { () -> Read in
      do throws(SpoolError) { return .piece(try reader.next()) } catch { return .failed }
    } ?? .failed
  }

  // MARK: what it is like

  /// Whether the client said so.
  var isEightBit: Bool { message.envelope.body == .eightBitMIME }

  /// What a server without 8BITMIME gets: RFC 6152 §3. A content that is too big to hold goes as it is.
  private var narrowed: [ContentChunk] {
    if let narrow { return [narrow] }
    guard isInMemory, settings.convertsTo7Bit, pieces.contains(where: { $0.bytes.contains { $0 >= 0x80 } }) else { return pieces }
    var whole = ByteBuffer()
    for piece in pieces { whole.append(piece.bytes) }
    guard let bytes = whole.withReadable({ SevenBitForm.of($0) }) else { return pieces }
    let chunk = ContentChunk(bytes)
    narrow = chunk
    return [chunk]
  }

  private func pieces(for session: RelaySession) -> [ContentChunk] {
    session.machine.extensions.offers("8BITMIME") ? pieces : narrowed
  }

  /// Whether the header goes beyond ASCII: RFC 6532.
  var hasUTF8Header: Bool {
    var newlines = 0
    for piece in pieces {
      for byte in piece.bytes {
        if byte >= 0x80 { return true }
        newlines = byte == 0x0a ? newlines + 1 : 0
        if newlines == 2 { return false }
      }
    }
    return false
  }

  // MARK: sending

  /// Sends it, and tells the machine. `isLast`: nothing else will be sent over the session.
  func send(_ form: ContentForm, on session: RelaySession, for id: QueueID, _ transport: SMTPTransport, isLast: Bool)
    async throws(RelaySession.Trouble) -> ClientAction
  {
    var encoder = ContentEncoder(form, lineLimit: settings.lineLimit)
    session.isUntouched = false
    let isCutShort = form == .chunk ? try await sendChunk(&encoder, on: session) : try await sendLines(&encoder, on: session)
    session.endContent(form)
    if encoder.hasBrokenLines { transport.info(id, "breaking line > \(settings.lineLimit) bytes with <CR><LF>SPACE") }
    if isLast, !isCutShort { session.sayGoodbye() }
    let action = session.machine.contentSent()
    guard isCutShort else { return action }
    // The server has ended it before its end: what it says is the answer.
    do throws(RelaySession.Trouble) { return try await session.advance(action) } catch { throw .lost("sending message body") }
  }

  /// All of it, counted first.
  private func sendChunk(_ encoder: inout ContentEncoder, on session: RelaySession) async throws(RelaySession.Trouble) -> Bool {
    var body = ByteBuffer()
    for piece in pieces(for: session) { encoder.encode(piece.bytes, into: &body) }
    encoder.finish(into: &body)
    session.output.append("BDAT \(body.count) LAST\r\n")
    session.beginContent()
    body.withReadable { session.output.append($0) }
    return session.output.count > Self.portion ? try await write(on: session) : false
  }

  private func sendLines(_ encoder: inout ContentEncoder, on session: RelaySession) async throws(RelaySession.Trouble) -> Bool {
    session.beginContent()
    for piece in pieces(for: session) {
      if try await encode(piece, &encoder, on: session) { return true }
    }
    if !isInMemory {
      guard try await sendRest(&encoder, on: session) else { return true }
    }
    encoder.finish(into: &session.output)
    return session.output.count > Self.portion ? try await write(on: session) : false
  }

  /// What follows the first piece; false if the server has ended it.
  private func sendRest(_ encoder: inout ContentEncoder, on session: RelaySession) async throws(RelaySession.Trouble) -> Bool {
    guard let reader = message.contentReader(), case .piece = await read(reader) else { throw .unreadable }
    while true {
      guard case .piece(let piece) = await read(reader) else { throw .unreadable }
      guard let piece else { return true }
      if try await encode(piece, &encoder, on: session) { return false }
    }
  }

  private func encode(_ piece: ContentChunk, _ encoder: inout ContentEncoder, on session: RelaySession) async throws(RelaySession.Trouble) -> Bool {
    var start = 0
    while start < piece.count {
      let end = min(piece.count, start + Self.portion)
      encoder.encode(UnsafeRawBufferPointer(rebasing: piece.bytes[start..<end]), into: &session.output)
      start = end
      if session.output.count >= Self.portion, try await write(on: session) { return true }
    }
    return false
  }

  /// True if the server takes no more, and has something to say.
  private func write(on session: RelaySession) async throws(RelaySession.Trouble) -> Bool {
    let wasOpen = session.output.count
    try await session.flush("sending message body", settings.times.dataXfer)
    await session.stream.yield()
    return wasOpen > 0 && session.wasRefusedMidway
  }
}

// SPDX-License-Identifier: Apache-2.0
import Bytes
import Testing

@testable import SMTP

@Suite struct ContentDecoderTests {
  struct Result: Equatable {
    var content: [UInt8] = []
    var consumed = 0
    var isComplete = false
    var size = 0
    var hasBareNewline = false
  }

  /// Decodes `bytes` that arrive in two pieces, cut at `cut`.
  private func decode(_ bytes: [UInt8], mode: ServerConfiguration.BareNewline, cut: Int, chunked: Bool = false) -> Result {
    var decoder = ContentDecoder(mode: mode, sizeLimit: 0, replacesStrayCR: true)
    var buffer = ByteBuffer()
    var result = Result()
    for piece in [bytes[..<cut], bytes[cut...]] where !result.isComplete {
      Array(piece).withUnsafeBytes { piece in
        if chunked {
          decoder.decodeChunk(piece, into: &buffer)
        } else {
          let (consumed, isComplete) = decoder.decode(piece, into: &buffer)
          result.consumed += consumed
          result.isComplete = isComplete
        }
      }
    }
    if chunked { decoder.finishChunks(into: &buffer) }
    result.content = buffer.array()
    result.size = decoder.size
    result.hasBareNewline = decoder.hasBareNewline
    return result
  }

  /// The rules of the decoder once more, line by line and without any hurry.
  private func expected(_ bytes: [UInt8], mode: ServerConfiguration.BareNewline) -> Result {
    var result = Result()
    var rest = bytes[...]
    var wasCRLF = true
    while let end = rest.firstIndex(of: 0x0a) {
      var line = Array(rest[..<end])
      let crs = line.reversed().prefix { $0 == 0x0d }.count
      line.removeLast(crs)
      result.consumed = end + 1
      rest = rest[(end + 1)...]
      if line == [0x2e], mode == .no || (crs == 1 && wasCRLF) {
        result.isComplete = true
        return result
      }
      if line.first == 0x2e { line.removeFirst() }
      if crs == 0 { result.hasBareNewline = true }
      wasCRLF = crs > 0
      result.content += line.map { $0 == 0x0d ? 0x20 : $0 } + [0x0a]
      result.size += line.count + 2
    }
    return result
  }

  static let modes: [ServerConfiguration.BareNewline] = [.no, .normalize, .reject, .note]

  /// Every way to write what looks like an end of content: each of what may stand before, at and after the dot.
  static let variants: [[UInt8]] = {
    let breaks = ["", "\r", "\n", "\r\n", "\r\r\n", "\n\r", "\n\n"]
    let dots = [".", "..", ".\0", ""]
    return breaks.flatMap { before in
      dots.flatMap { dot in breaks.map { after in Array(("a" + before + dot + after + "b\r\n.\r\n").utf8) } }
    }
  }()

  @Test(arguments: modes)
  func everyVariantAtEveryCut(mode: ServerConfiguration.BareNewline) {
    for variant in ContentDecoderTests.variants {
      let whole = expected(variant, mode: mode)
      for cut in 0...variant.count {
        let result = decode(variant, mode: mode, cut: cut)
        #expect(result == whole, "\(String(decoding: variant, as: UTF8.self).debugDescription) cut at \(cut)")
      }
    }
  }

  @Test func onlyOneSequenceEndsTheContent() {
    for variant in ContentDecoderTests.variants {
      let endsEarly = Array(variant.dropLast(1)).containsSequence([13, 10, 46, 13, 10])
      let result = decode(variant, mode: .normalize, cut: 0)
      #expect((result.consumed < variant.count) == endsEarly, "\(String(decoding: variant, as: UTF8.self).debugDescription)")
    }
  }

  @Test func randomBytesAtRandomCuts() {
    var generator = SplitMix(state: 7)
    let alphabet: [UInt8] = [0x0d, 0x0a, 0x2e, 0x61, 0x0d, 0x0a]
    for _ in 0..<3000 {
      let bytes = (0..<Int(generator.next() % 24)).map { _ in alphabet[Int(generator.next() % 6)] } + Array("\r\n.\r\n".utf8)
      let mode = ContentDecoderTests.modes[Int(generator.next() % 4)]
      #expect(decode(bytes, mode: mode, cut: Int(generator.next() % UInt64(bytes.count))) == expected(bytes, mode: mode), "\(bytes)")
    }
  }

  @Test func chunksKnowNoDots() {
    let bytes = Array("a\r\n.\r\n..b\r\n\rc\r".utf8)
    for cut in 0...bytes.count {
      #expect(decode(bytes, mode: .normalize, cut: cut, chunked: true).content == Array("a\n.\n..b\n c\n".utf8))
    }
  }

  @Test(arguments: [(9, true), (8, false)])
  func theSizeLimit(limit: Int, fits: Bool) {
    var decoder = ContentDecoder(mode: .normalize, sizeLimit: limit, replacesStrayCR: true)
    var buffer = ByteBuffer()
    let (_, isComplete) = Array("abc\r\n..x\r\n.\r\n".utf8).withUnsafeBytes { decoder.decode($0, into: &buffer) }
    #expect(isComplete)
    #expect(decoder.isOverLimit == !fits)
    #expect(decoder.size == 9)
  }

  @Test(arguments: 1...48)
  func theLimitIsTheSameForLinesAndForSingleBytes(limit: Int) {
    let text = Array("Subject: x\r\n\r\none\r\ntwo two\r\n..dot\r\nthree\r\n.\r\n".utf8)
    let decoded = [[text], text.map { [$0] }].map { pieces in
      var decoder = ContentDecoder(mode: .normalize, sizeLimit: limit, replacesStrayCR: true)
      var buffer = ByteBuffer()
      for piece in pieces { piece.withUnsafeBytes { _ = decoder.decode($0, into: &buffer) } }
      return (size: decoder.size, isOverLimit: decoder.isOverLimit, content: decoder.isOverLimit ? [] : buffer.array())
    }
    #expect(decoded[0] == decoded[1])
    #expect(decoded[0].isOverLimit == (limit < 41))
  }

  @Test func heldCarriageReturnsCountAgainstTheLimit() {
    var decoder = ContentDecoder(mode: .normalize, sizeLimit: 100, replacesStrayCR: true)
    var buffer = ByteBuffer()
    for _ in 0..<50 { _ = [UInt8](repeating: 0x0d, count: 100).withUnsafeBytes { decoder.decode($0, into: &buffer) } }
    _ = Array("x\r\n.\r\n".utf8).withUnsafeBytes { decoder.decode($0, into: &buffer) }
    #expect(decoder.isOverLimit)
    #expect(buffer.count < 200)
  }

  @Test(arguments: [(65_536, false), (65_537, true)], [true, false])
  func carriageReturnsThatCannotBeRememberedAreTooMuch(limit: (count: Int, isOver: Bool), inPieces: Bool) {
    var decoder = ContentDecoder(mode: .normalize, sizeLimit: 0, replacesStrayCR: true)
    var buffer = ByteBuffer()
    let line = [0x61] + [UInt8](repeating: 0x0d, count: limit.count) + [0x0a]
    for piece in inPieces ? [Array(line[..<40_000]), Array(line[40_000...])] : [line] {
      _ = piece.withUnsafeBytes { decoder.decode($0, into: &buffer) }
    }
    #expect(decoder.isOverLimit == limit.isOver)
  }

  @Test func manyCarriageReturnsTakeNoMemory() {
    var decoder = ContentDecoder(mode: .normalize, sizeLimit: 0, replacesStrayCR: true)
    var buffer = ByteBuffer()
    let piece = [UInt8](repeating: 0x0d, count: 16_384)
    for _ in 0..<1000 { _ = piece.withUnsafeBytes { decoder.decode($0, into: &buffer) } }
    #expect(buffer.capacity < 300_000)
  }

  @Test func encodingIsUndoneByDecoding() {
    var generator = SplitMix(state: 11)
    for _ in 0..<500 {
      let content = (0..<Int(generator.next() % 40)).map { _ in [0x0a, 0x2e, 0x61][Int(generator.next() % 3)] as UInt8 } + [0x0a]
      var encoder = ContentEncoder()
      var wire = ByteBuffer()
      let cut = Int(generator.next() % UInt64(content.count))
      for piece in [content[..<cut], content[cut...]] { Array(piece).withUnsafeBytes { encoder.encode($0, into: &wire) } }
      encoder.finish(into: &wire)
      #expect(decode(wire.array(), mode: .reject, cut: 0).content == content)
    }
  }

  private func encoded(_ text: String, _ form: ContentForm, limit: Int, cut: Int) -> (String, Bool) {
    var encoder = ContentEncoder(form, lineLimit: limit)
    var wire = ByteBuffer()
    let bytes = Array(text.utf8)
    for piece in [bytes[..<cut], bytes[cut...]] { Array(piece).withUnsafeBytes { encoder.encode($0, into: &wire) } }
    encoder.finish(into: &wire)
    return (String(decoding: wire.array(), as: UTF8.self), encoder.hasBrokenLines)
  }

  @Test func longLinesAreBrokenAsPostfixDoes() {
    let text = "12345\n1234567\n123456789abc\nend"
    for cut in 0...text.utf8.count {
      #expect(encoded(text, .lines, limit: 5, cut: cut) == ("12345\r\n12345\r\n 67\r\n12345\r\n 6789\r\n abc\r\nend\r\n.\r\n", true))
      #expect(encoded(text, .lines, limit: 0, cut: cut) == (text.replacing("\n", with: "\r\n") + "\r\n.\r\n", false))
    }
  }

  @Test func chunksHaveNoDots() {
    #expect(encoded(".a\n..\nb", .chunk, limit: 0, cut: 2) == (".a\r\n..\r\nb\r\n", false))
    #expect(encoded("", .chunk, limit: 0, cut: 0) == ("", false))
  }
}

/// Numbers that look random and are the same each time.
struct SplitMix {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}

extension [UInt8] {
  fileprivate func containsSequence(_ wanted: [UInt8]) -> Bool {
    indices.contains { self[$0...].starts(with: wanted) }
  }
}

// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Runtime

@Suite struct SharedMemoryTests {
  @Test func piecesAreSeenWhereTheyWereAppended() throws {
    let memory = try SharedMemory("test")
    let pieces = ["first", "", String(repeating: "second", count: 20000)].map { Array($0.utf8) }
    let places = try pieces.map { piece in try piece.withUnsafeBytes { try memory.append($0) } }
    let views = try zip(places, pieces).map { try memory.view($0..<($0 + $1.count)) }
    try memory.seal(endingIn: Array("end".utf8))
    for (view, piece) in zip(views, pieces) { #expect(view.withBytes { Array($0) } == piece) }
    let whole = try MemoryView(memory.descriptor).withBytes { Array($0) }
    #expect(whole.suffix(3) == Array("end".utf8)[...])
    for (place, piece) in zip(places, pieces) { #expect(whole[place..<(place + piece.count)] == piece[...]) }
  }

  @Test func sealedMemoryDoesNotChange() throws {
    let memory = try SharedMemory("test")
    try memory.seal(endingIn: [1])
    #expect(throws: SystemError.self) { try [UInt8(2)].withUnsafeBytes { _ = try memory.append($0) } }
    #expect(try MemoryView(memory.descriptor).withBytes { Array($0) } == [1])
  }
}

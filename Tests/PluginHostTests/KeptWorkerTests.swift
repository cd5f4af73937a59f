// SPDX-License-Identifier: Apache-2.0
import Pipeline
import Runtime
import Testing

@testable import PluginHost

@Suite struct KeptWorkerTests {
  /// It ends by itself as somebody wants it killed: the keeper never reads that, and the kernel makes an error of it.
  @Test(arguments: [false, true]) func howItEndedIsKnown(isKilledTooLate: Bool) throws {
    let (mine, theirs) = try PacketSocket.pair(size: KeeperFrame.maximumSize)
    let worker = KeptWorker(pid: 1, mine)
    #expect(worker.ended() == nil)
    if isKilledTooLate { worker.kill() }
    _ = try PacketSocket.send(KeeperFrame.ended(status: 3).encoded, to: theirs, timeout: .zero)
    closeDescriptor(theirs)
    #expect(worker.ended() == 3)
  }

  @Test func withoutAKeeperThereIsNone() throws {
    let (mine, theirs) = try PacketSocket.pair(size: KeeperFrame.maximumSize)
    closeDescriptor(theirs)
    let status = KeptWorker(pid: 1, mine).ended()
    #expect(status == 137)
  }
}

// SPDX-License-Identifier: Apache-2.0
import Pipeline
import Testing

@Suite struct KeeperFrameTests {
  private func again(_ bytes: [UInt8]) throws -> KeeperFrame { try bytes.withUnsafeBytes { try KeeperFrame(decoding: $0) } }

  @Test func framesComeBackAsTheyWere() throws {
    for frame in [KeeperFrame.started(pid: 4711), .page, .failed("there is no room"), .ended(status: 139)] {
      #expect(try again(frame.encoded) == frame)
    }
  }

  @Test func anythingElseIsAnError() {
    for bytes: [UInt8] in [[], [0], [5], [1, 0, 0], [2, 0], [4, 1, 2, 3, 4, 5]] {
      #expect(throws: FrameError.self, "\(bytes)") { try again(bytes) }
    }
  }

  @Test func ordersComeBackAsTheyWere() throws {
    var settings = StageSettings(name: "spam", plugin: "/p/spam.so")
    settings.timeout = 1234
    settings.memory = 64 << 20
    settings.mayUseNetwork = true
    settings.writablePaths = ["/var/spam"]
    settings.options = [.init("rules", "/etc/spam.rules"), .init("score", "5")]
    let orders = [WorkerOrder(settings), WorkerOrder(stage: "other", plugin: "/p/other.so")]
    #expect(orders[0].readablePaths == ["/etc/spam.rules"])
    #expect(try WorkerOrder.decode(WorkerOrder.encode(orders)) == orders)
    #expect(throws: FrameError.self) { try WorkerOrder.decode(Array(WorkerOrder.encode(orders).dropLast())) }
  }
}

// SPDX-License-Identifier: Apache-2.0
import Queue
import Runtime

struct QueueExport {
  init(_ setup: Setup, folder: String) {}
  func perform(_ ids: [String], _ filter: QueueFilter) -> Int32 { ExitStatus.unavailable }
}

struct QueueImport {
  init(_ setup: Setup, hold: Bool) {}
  func perform(_ paths: [String]) -> Int32 { ExitStatus.unavailable }
}

// SPDX-License-Identifier: Apache-2.0

/// What every subcommand can be told.
package struct Options: Equatable, Sendable {
  /// The configuration file; nil for the installed one, or else the demo.
  package var configuration: String?
  /// The folder for everything that is kept, in place of the one the configuration names.
  package var data: String?

  package init() {}
}

/// `weir queue`: what to do.
package enum QueueRequest: Equatable, Sendable {
  case list
  case show(String)
  case content(String)
  case delete(String)
  case release(String)
}

/// Exit statuses, as sysexits.h has them.
package enum ExitStatus {
  package static let success: Int32 = 0
  package static let failure: Int32 = 1
  package static let usage: Int32 = 64
  package static let noSuchMessage: Int32 = 66
  package static let unavailable: Int32 = 69
  package static let systemError: Int32 = 71
  package static let configuration: Int32 = 78
}

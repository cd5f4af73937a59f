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
  package enum Action: String, CaseIterable, Sendable { case delete, hold, release, retry, requeue }

  case list(QueueFilter, asJSON: Bool)
  /// By destination.
  case summary(QueueFilter, asJSON: Bool)
  case show(String)
  case content(String)
  /// To these ids, to `ALL`, or without ids to those that the filter takes.
  case act(Action, [String], QueueFilter)
  case export(folder: String, [String], QueueFilter)
  case importing([String], hold: Bool)
}

/// Exit statuses, as sysexits.h has them.
package enum ExitStatus {
  package static let success: Int32 = 0
  package static let failure: Int32 = 1
  package static let usage: Int32 = 64
  package static let dataError: Int32 = 65
  package static let noSuchMessage: Int32 = 66
  package static let unavailable: Int32 = 69
  package static let systemError: Int32 = 71
  package static let temporaryFailure: Int32 = 75
  package static let notPermitted: Int32 = 77
  package static let configuration: Int32 = 78
}

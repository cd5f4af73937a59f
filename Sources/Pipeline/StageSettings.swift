// SPDX-License-Identifier: Apache-2.0

/// One `stage NAME { }` of the configuration.
package struct StageSettings: Equatable, Sendable {
  package enum Mode: String, CaseIterable, Sendable { case inprocess, worker }

  package struct Option: Equatable, Sendable {
    package let name: String
    package let value: String
    package init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  package let name: String
  /// The file, absolute.
  package let plugin: String
  /// Which of the plugin's components, where it has several; nil for the one it has, or that of the stage's name.
  package var component: String?
  /// As it is to be run; what the file itself decides where nothing was said is decided already.
  package var mode = Mode.worker
  package var onFailure = FailurePolicy.tempfail
  /// In milliseconds: from the event to the answer.
  package var timeout = 30_000
  /// The verdict and the edits are only told to the log.
  package var isShadow = false
  package var condition = StageCondition.always
  /// Nil: all listeners.
  package var listeners: [String]?
  package var options: [Option] = []

  /// No stage, but a table in a worker: `name` is that of the table.
  package var isTable = false

  // In a worker:
  /// How many processes do the work.
  package var processes = 1
  /// Bytes of address space, beyond those of an empty worker.
  package var memory = 256 << 20
  package var mayUseNetwork = false
  /// Where it may write.
  package var writablePaths: [String] = []

  package init(name: String, plugin: String) {
    self.name = name
    self.plugin = plugin
  }
}

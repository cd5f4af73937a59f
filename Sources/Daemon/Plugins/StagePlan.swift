// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Pipeline
import PluginHost
import Settings

/// The stages of a configuration, with the files that they mean.
struct StagePlan {
  struct Entry {
    let block: StageBlock
    let settings: StageSettings
    /// Whether the plugin came with Weir.
    let isShipped: Bool

    /// Where an option stands; the block's name for one that does not stand there.
    func place(_ option: Int?) -> LocatedText {
      guard let option, block.options.indices.contains(option) else { return block.name }
      return block.options[option].value.isEmpty ? block.options[option].name : block.options[option].value
    }
  }

  private(set) var entries: [Entry] = []
  private(set) var diagnostics: [Diagnostic] = []

  init(_ setup: Setup) {
    let files = PluginFiles(directory: setup.configuration[Keys.pluginDirectory])
    for block in setup.configuration.stages {
      switch files.find(block.plugin.text) {
      case .success(let found):
        // A plugin that Weir does not ship is not trusted with the process that holds everybody's mail.
        entries.append(
          Entry(block: block, settings: block.settings(file: found.path, mode: found.isShipped ? .inprocess : .worker), isShipped: found.isShipped))
      case .failure(let error):
        diagnostics.append(.error(block.plugin, error.reason, hint: "`plugin` is a path, or the name of a file in plugin_directory"))
      }
    }
  }
}

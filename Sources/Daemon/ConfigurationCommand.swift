// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Runtime
import Settings

/// `weir config`: what to print, or to change.
package struct ConfigurationRequest: Equatable, Sendable {
  package enum Which: Sendable { case all, defaults, set }

  package var which = Which.all
  /// `-x`
  package var isExpanded = false
  /// False for `-h`.
  package var hasNames = true
  /// Empty for everything.
  package var names: [String] = []
  /// Not empty: nothing is printed.
  package var edits: [ConfigurationEdit] = []

  package init() {}
}

/// Performs `weir config`.
struct ConfigurationCommand {
  private let options: Options
  private let request: ConfigurationRequest
  private let files = LinuxFiles()

  init(_ options: Options, _ request: ConfigurationRequest) {
    self.options = options
    self.request = request
  }

  func perform() -> Int32 { request.edits.isEmpty ? show() : edit() }

  private func show() -> Int32 {
    let (setup, result, name) = Setup.load(options, files: files)
    guard let setup else {
      report(result, name)
      return ExitStatus.configuration
    }
    let listing = ConfigurationListing(setup.configuration, isExpanded: request.isExpanded, hasNames: request.hasNames)
    guard !request.names.isEmpty else {
      Terminal.write(listing.text(request.which.selection))
      return ExitStatus.success
    }
    return request.names.map { show($0, listing) }.max() ?? ExitStatus.success
  }

  private func show(_ name: String, _ listing: ConfigurationListing) -> Int32 {
    if let text = listing.text(name: name, request.which.selection) {
      Terminal.write(text)
      return ExitStatus.success
    }
    Terminal.writeError("weir: \(SettingAdvice.whyThereIsNone(name))\n")
    return ExitStatus.failure
  }

  private func edit() -> Int32 {
    guard let path = Setup.path(options, files) else {
      Terminal.writeError("weir: there is no \(Setup.installedFile) to change; --config names another file\n")
      return ExitStatus.configuration
    }
    var editor = ConfigurationEditor(path: path, files: files)
    do throws(EditError) {
      for edit in request.edits { try editor.perform(edit) }
    } catch {
      Terminal.writeError("weir: \(path): \(error)\n")
      return ExitStatus.failure
    }
    return isSound(editor) ? write(editor.changes) : ExitStatus.configuration
  }

  /// Says what is wrong with the new text; a warning that the old one caused too is not repeated.
  private func isSound(_ editor: ConfigurationEditor) -> Bool {
    let (setup, result, name) = Setup.load(options, files: editor.files)
    let all = result.adding(setup.map { CertificateCheck(setup: $0, isStarting: false).diagnostics } ?? [])
    if all.diagnostics.hasErrors {
      report(all, name)
      Terminal.writeError("weir: nothing was changed: the configuration would be wrong\n")
      return false
    }
    let old = Set(Setup.load(options, files: files).report.diagnostics.map(\.message))
    let new = all.diagnostics.filter { !old.contains($0.message) }
    Terminal.writeError(DiagnosticText(isColored: Terminal.wantsColour(2)).render(new))
    return true
  }

  private func write(_ changes: [ConfigurationEditor.Change]) -> Int32 {
    do throws(FileReplacement.Failure) {
      for change in changes { try FileReplacement.replace(change.path, old: change.old, new: change.new) }
      return ExitStatus.success
    } catch {
      Terminal.writeError("weir: \(error)\n")
      return ExitStatus.failure
    }
  }

  private func report(_ result: LoadResult, _ name: String) {
    Terminal.writeError(CheckReport(result, name: name, isColored: Terminal.wantsColour(2)).text)
  }
}

extension ConfigurationRequest.Which {
  fileprivate var selection: ConfigurationListing.Selection {
    switch self {
    case .all: .all
    case .set: .set
    case .defaults: .defaults
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Message
import Runtime
import Settings
import Tables

/// `postconf`: shows and changes settings, as `weir config` does.
struct PostConf {
  private enum Change { case set, comment, remove }

  private var configuration: String?
  private var request = ConfigurationRequest()
  private var change: Change?
  private var names: [String] = []
  private var listsTypes = false
  /// `-b`: true, `-t`: false.
  private var fillsTemplates: Bool?
  private var fault: String?

  static func run(_ words: [String]) -> Int32 {
    var command = PostConf()
    command.parse(words)
    if let fault = command.fault {
      Terminal.writeError("postconf: fatal: \(fault)\n")
      return ExitStatus.usage
    }
    if command.listsTypes {
      Terminal.write(TableType.allCases.map(\.rawValue).sorted().map { "\($0)\n" }.joined())
      return ExitStatus.success
    }
    if let fills = command.fillsTemplates { return showTemplates(command, fills: fills) }
    return Launch.config(CommandPlace.options(command.configuration), command.request)
  }

  private mutating func parse(_ words: [String]) {
    var rest = words[...]
    while let word = rest.popFirst() {
      guard word.hasPrefix("-"), word.utf8.count > 1, names.isEmpty else {
        names.append(word)
        continue
      }
      if word == "-c" { configuration = rest.popFirst() } else { for letter in word.dropFirst() { take(letter) } }
    }
    guard fault == nil else { return }
    if change == nil, names.contains(where: { $0.contains("=") }) { change = .set }
    if change == nil { request.names = names } else { request.edits = names.compactMap { edit($0) } }
  }

  private mutating func take(_ letter: Character) {
    switch letter {
    case "n": request.which = .set
    case "d": request.which = .defaults
    case "h": request.hasNames = false
    case "x": request.isExpanded = true
    case "e": change = .set
    case "#": change = .comment
    case "X": change = .remove
    case "m": listsTypes = true
    case "b": fillsTemplates = true
    case "t": fillsTemplates = false
    case "f", "o", "p", "v": break
    case "M", "P", "F": fault = "-\(letter): there is no master.cf; 'weir config listener' shows the listeners"
    default: fault = "invalid option -- '\(letter)'"
    }
  }

  /// The texts of reports, of a file that is named or of the one that counts.
  private static func showTemplates(_ command: PostConf, fills: Bool) -> Int32 {
    let files = LinuxFiles(insistsOnRoot: false)
    let (setup, report, _) = Setup.load(CommandPlace.options(command.configuration), files: files)
    guard let setup else {
      Terminal.writeError(DiagnosticText().render(report.diagnostics.filter { $0.severity == .error }))
      return ExitStatus.configuration
    }
    var texts = setup.reportTexts
    if let path = command.names.first {
      let (read, faults) = ReportTexts.load(path: path, files: files)
      guard !faults.hasErrors else {
        Terminal.writeError(DiagnosticText().render(faults))
        return ExitStatus.configuration
      }
      texts = read
    }
    let shown = texts.named.map { name, text in
      fills
        ? "expanded_\(name)_text = <<EOF\n\(text.expanded { setup.valueInReports($0) })EOF\n" : "\(name)_template = <<EOF\n\(text.written)EOF\n"
    }
    Terminal.write(shown.joined(separator: "\n"))
    return ExitStatus.success
  }

  private mutating func edit(_ word: String) -> ConfigurationEdit? {
    let name = word.prefix { $0 != "=" }.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    guard let place = SettingPlace(name) else {
      fault = "'\(name)' can be no name of a setting"
      return nil
    }
    switch change {
    case .comment: return .commentOut(place)
    case .remove: return .remove(place)
    case .set, nil:
      guard let equals = word.firstIndex(of: "=") else {
        fault = "missing '=' after attribute name: \"\(word)\""
        return nil
      }
      return .set(place, String(word[word.index(after: equals)...].drop(while: \.isWhitespace)))
    }
  }
}

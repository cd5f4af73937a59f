// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Runtime
import Settings

extension Launch {
  /// Looks at all that mail needs, and says what to do. The exit status is 1 if there is a problem.
  package static func doctor(_ options: Options, asJSON: Bool) -> Int32 {
    let files = NotedFiles()
    let (setup, result, name) = Setup.load(options, files: files)
    var findings = configuration(result, name)
    if let setup {
      findings += aliases(setup)
      do throws(SystemError) {
        findings += try Examination(setup: setup, filesRead: files.paths).facts().judge()
      } catch {
        Terminal.writeError("weir: \(error)\n")
        return ExitStatus.systemError
      }
    }
    let host = setup?.configuration[Keys.myhostname] ?? Machine.hostName
    let report = DoctorReport(findings, name: name, host: host)
    Terminal.write(asJSON ? report.json : report.text(isColored: Terminal.wantsColour(1), width: Terminal.width(1)))
    return report.exitStatus
  }

  private static func configuration(_ result: LoadResult, _ name: String) -> [Finding] {
    let errors = result.diagnostics.filter { $0.severity == .error }
    let warnings = result.diagnostics.count - errors.count
    let command = "weir check shows each with its line"
    if let first = errors.first {
      return [Finding(.configuration, .problem, "\(name) has \(count(errors.count, "error")), the first: \(first.message)", remedy: command)]
    }
    if warnings > 0 { return [Finding(.configuration, .warning, "\(name) has no error, and \(count(warnings, "warning"))", remedy: command)] }
    return [Finding(.configuration, .ok, "\(name) has no error")]
  }

  /// Aliases that lead nowhere, and root's mail.
  private static func aliases(_ setup: Setup) -> [Finding] {
    let found = AliasCheck.diagnostics(setup, LinuxFiles(insistsOnRoot: false))
    let lines = found.prefix(mostAliases).map { diagnostic in
      Finding(.mail, .warning, "\(diagnostic.location.map { "\($0.source.name):\($0.line): " } ?? "")\(diagnostic.message)", remedy: diagnostic.hint)
    }
    let rest = found.count - lines.count
    return lines + (rest > 0 ? [Finding(.mail, .warning, "\(count(rest, "further alias")) of this kind", remedy: "weir check shows each")] : [])
      + rootMail(setup)
  }

  private static let mostAliases = 10

  private static func rootMail(_ setup: Setup) -> [Finding] {
    guard let policy = setup.relayPolicy(), !setup.configuration[Keys.mydestination].elements.isEmpty, !setup.hasSlowAliases else { return [] }
    let root = setup.localAliases(policy).resolve("root")
    guard root.isLocal, setup.localAliases(policy).find(root.address) == nil, !setup.virtualAliases(policy).has(root.address) else { return [] }
    return [
      Finding(
        .mail, .warning,
        "there is no alias for root: what the machine itself has to say goes to \(setup.rootMailFolder)/Maildir/, where nobody looks",
        remedy:
          "name somebody: `root: anna` in \(setup.configuration[Keys.aliasMaps].first?.name.text ?? "/etc/aliases, and alias_maps = hash:/etc/aliases")"
      )
    ]
  }

  private static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }
}

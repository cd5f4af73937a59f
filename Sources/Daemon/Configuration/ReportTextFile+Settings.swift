// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Message
import Settings

extension ReportTexts {
  /// What bounce_template_file says, and what is wrong with it.
  static func load(_ configuration: Configuration, files: any FileSource) -> (ReportTexts, [Diagnostic]) {
    let path = configuration[Keys.bounceTemplateFile]
    if path.isEmpty { return (ReportTexts(), []) }
    return load(path: path, at: configuration.values.place(of: path, in: [Keys.bounceTemplateFile.name]), files: files)
  }

  static func load(path: String, at place: LocatedText? = nil, files: any FileSource) -> (ReportTexts, [Diagnostic]) {
    let bytes: [UInt8]
    do throws(FileError) {
      bytes = try files.read(path, limit: sizeLimit)
    } catch {
      return (ReportTexts(), [Diagnostic(.error, place?.start, length: place?.count ?? 1, "\(path): \(error.reason)")])
    }
    do throws(ReportTextFile.Fault) {
      return (try ReportTextFile.read(String(decoding: bytes, as: UTF8.self)), [])
    } catch {
      let source = SourceText(name: path, bytes: bytes)
      let line = source.lineRange(error.line - 1)
      let hint = error.hint.isEmpty ? nil : error.hint
      return (ReportTexts(), [.error(SourceLocation(source, offset: line.lowerBound), length: max(1, line.count), error.text, hint: hint)])
    }
  }

  private static let sizeLimit = 1 << 20
}

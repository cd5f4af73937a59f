// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// `include FILE`, Dovecot's `!include FILE` and `!include_try FILE`; FILE may be a pattern and is relative to the file that names it.
extension Parser {
  /// False if the line is no include.
  mutating func parseInclude(_ line: LocatedText, into section: inout Section) -> Bool {
    guard ["include", "!include", "!include_try"].contains(line.firstWord) else { return false }
    let argument = DovecotValue(line[line.firstWord.utf8.count...].trimmed).text
    if argument.bytes.first == UInt8(ascii: "=") { return false }
    if argument.isEmpty {
      report(.error(line, "`\(line.firstWord)` needs the name of a file"))
    } else {
      include(pattern: argument, mustExist: line.firstWord != "!include_try", into: &section)
    }
    return true
  }

  private mutating func include(pattern: LocatedText, mustExist: Bool, into section: inout Section) {
    let path = pattern.text.beside(pattern.start.source.name)
    guard Glob(path).isPattern else { return include(path, at: pattern, mustExist: mustExist, into: &section) }
    do throws(FileError) {
      let paths = try Glob(path).paths(in: files)
      if paths.isEmpty, mustExist { report(.error(pattern, "no file matches `\(pattern.text)`", hint: "`!include_try` accepts that")) }
      for path in paths { include(path, at: pattern, into: &section) }
    } catch {
      report(.error(pattern, "cannot include `\(pattern.text)`: \(error.reason)"))
    }
  }

  /// `place` is nil for the main file.
  mutating func include(_ path: String, at place: LocatedText?, mustExist: Bool = true, into section: inout Section) {
    guard checkInclude(path, at: place) else { return }
    do throws(FileError) {
      let bytes = try files.read(path, limit: min(Self.maximumFileLength, remainingLength))
      fileCount += 1
      remainingLength -= bytes.count
      includePath.append(path)
      parseFile(SourceText(name: path, bytes: bytes), into: &section)
      includePath.removeLast()
    } catch {
      if error == .notFound, !mustExist { return }
      report(.error(place?.start, length: place?.count ?? 1, "cannot read `\(path)`: \(error.reason)"))
    }
  }

  private mutating func checkInclude(_ path: String, at place: LocatedText?) -> Bool {
    guard let place else { return true }
    if includePath.contains(path) {
      report(.error(place, "`\(path)` includes itself: \((includePath + [path]).joined(separator: " → "))"))
    } else if includePath.count > Self.maximumIncludeDepth {
      report(.error(place, "more than \(Self.maximumIncludeDepth) includes inside each other"))
    } else if fileCount >= Self.maximumFiles {
      // Once is enough: the rest of a big folder would say the same.
      if fileCount == Self.maximumFiles { report(.error(place, "more than \(Self.maximumFiles) files")) }
      fileCount = Self.maximumFiles + 1
    } else {
      return true
    }
    return false
  }
}

extension String {
  /// This path as a file means it that names it: relative to its own folder.
  func beside(_ file: String) -> String {
    guard !hasPrefix("/"), let slash = file.lastIndex(of: "/") else { return self }
    return String(file[...slash]) + self
  }
}

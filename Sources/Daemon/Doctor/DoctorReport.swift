// SPDX-License-Identifier: Apache-2.0

extension DoctorFacts {
  /// All that follows from the facts, by area.
  package func judge() -> [Finding] {
    judgeHost() + judgeResolver() + judgePointers() + judgeDomains() + judgePorts() + judgeCertificates() + judgeTrust() + judgeFiles()
      + judgePlugins() + judgeDisks()
      + judgeClock() + judgeNeighbours()
  }
}

/// What `weir doctor` prints.
package struct DoctorReport: Sendable {
  package let findings: [Finding]
  /// The configuration that was looked at.
  package let name: String
  package let host: String

  package init(_ findings: [Finding], name: String, host: String) {
    self.findings = findings
    self.name = name
    self.host = host
  }

  /// 1 if there is a problem: something that does not work, or is dangerous.
  package var exitStatus: Int32 { findings.contains { $0.severity == .problem } ? 1 : 0 }

  // MARK: For people

  package func text(isColored: Bool, width: Int = 100) -> String {
    let paint = Paint(isColored: isColored)
    var lines = [paint.bold("Weir on \(host), by \(name)")]
    for area in Finding.Area.allCases {
      let inArea = findings.filter { $0.area == area }
      if inArea.isEmpty { continue }
      lines += ["", paint.bold(area.rawValue)]
      for finding in inArea { lines += entry(finding, paint, max(60, min(width, 120))) }
    }
    lines += ["", summary(paint)]
    return lines.joined(separator: "\n") + "\n"
  }

  private static let indent = 11

  private func entry(_ finding: Finding, _ paint: Paint, _ width: Int) -> [String] {
    let room = width - Self.indent
    let blank = String(repeating: " ", count: Self.indent)
    let word = finding.severity.rawValue
    let padded = "  " + paint.severity(finding.severity, word) + String(repeating: " ", count: max(1, Self.indent - 2 - word.utf8.count))
    let text = finding.text.broken(room)
    var lines = text.enumerated().map { ($0.offset == 0 ? padded : blank) + $0.element }
    for (index, line) in (finding.remedy?.broken(room - 3) ?? []).enumerated() {
      lines.append(blank + (index == 0 ? paint.arrow + " " : "   ") + line)
    }
    return lines
  }

  private func summary(_ paint: Paint) -> String {
    let counts = Finding.Severity.allCases.reversed().compactMap { severity -> String? in
      let count = findings.count { $0.severity == severity }
      if count == 0 && severity != .problem { return nil }
      let noun = severity == .ok ? "ok" : severity.rawValue + (count == 1 ? "" : "s")
      return paint.severity(count == 0 ? .ok : severity, "\(count) \(noun)")
    }
    return counts.joined(separator: ", ")
  }

  // MARK: For programs

  package var json: String {
    let list = findings.map { finding in
      var fields = [("area", "\(finding.area)"), ("severity", finding.severity.rawValue), ("text", finding.text)]
      if let remedy = finding.remedy { fields.append(("remedy", remedy)) }
      return "    {" + fields.map { "\($0.0.quoted): \($0.1.quoted)" }.joined(separator: ", ") + "}"
    }
    let counts = Finding.Severity.allCases.map { severity in "\(severity.rawValue.quoted): \(findings.count { $0.severity == severity })" }
    return """
      {
        "host": \(host.quoted),
        "configuration": \(name.quoted),
        "findings": [
      \(list.joined(separator: ",\n"))
        ],
        "counts": {\(counts.joined(separator: ", "))}
      }

      """
  }
}

/// Colours of a terminal.
private struct Paint {
  let isColored: Bool

  func bold(_ text: String) -> String { wrap(text, "1") }

  var arrow: String { wrap("->", "36") }

  func severity(_ severity: Finding.Severity, _ text: String) -> String {
    switch severity {
    case .ok: wrap(text, "32")
    case .note: wrap(text, "36")
    case .warning: wrap(text, "33")
    case .problem: wrap(text, "1;31")
    }
  }

  private func wrap(_ text: String, _ code: String) -> String { isColored ? "\u{1b}[\(code)m\(text)\u{1b}[0m" : text }
}

extension String {
  /// Lines of at most `width` characters, broken at blanks.
  fileprivate func broken(_ width: Int) -> [String] {
    var lines: [String] = []
    for word in split(separator: " ") {
      if let last = lines.last, last.count + word.count + 1 <= width {
        lines[lines.count - 1] = last + " " + word
      } else {
        lines.append(String(word))
      }
    }
    return lines
  }

  /// RFC 8259 §7.
  fileprivate var quoted: String {
    var text = "\""
    for scalar in unicodeScalars {
      switch scalar {
      case "\"", "\\": text += "\\\(scalar)"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text + "\""
  }
}

// SPDX-License-Identifier: Apache-2.0

// `weir doctor`: Facts*.swift gather what there is to know of this machine and its place in the network, Judge*.swift say what follows from it, as pure
// functions, and DoctorReport.swift prints that.

/// One thing that the doctor looked at.
package struct Finding: Equatable, Sendable {
  package enum Severity: String, CaseIterable, Comparable, Sendable {
    case ok, note, warning, problem

    package static func < (left: Severity, right: Severity) -> Bool { left.rank < right.rank }
    private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
  }

  package enum Area: String, CaseIterable, Sendable {
    case configuration = "Configuration"
    case host = "Host name"
    case names = "Names and addresses"
    case mail = "Where mail comes in"
    case ports = "Ports"
    case certificates = "Certificates"
    case trust = "Who may relay"
    case files = "Files and users"
    case plugins = "Plugins"
    case disk = "Disk"
    case clock = "Clock"
    case neighbours = "Other mail servers"
  }

  package let area: Area
  package let severity: Severity
  package let text: String
  /// What to do about it.
  package let remedy: String?

  package init(_ area: Area, _ severity: Severity, _ text: String, remedy: String? = nil) {
    self.area = area
    self.severity = severity
    self.text = text
    self.remedy = remedy
  }
}

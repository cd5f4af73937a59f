// SPDX-License-Identifier: Apache-2.0
import Bytes
import SMTP

/// The tests of postscreen, in the order in which its cache has them.
package enum ScreenTest: Int, CaseIterable, Sendable {
  case pregreet, dnsbl, pipelining, nonSMTPCommand, bareNewline

  init(_ test: ScreeningMachine.Test) {
    switch test {
    case .pipelining: self = .pipelining
    case .nonSMTPCommand: self = .nonSMTPCommand
    case .bareNewline: self = .bareNewline
    }
  }
}

/// Until when a client need not take each test again, in seconds since 1970.
package struct Passes: Equatable, Sendable {
  /// The test was never passed.
  package static let never: Int64 = 0
  /// The test was not made when the client came.
  package static let notMade: Int64 = 1

  private var moments = InlineArray<5, Int64>(repeating: never)

  package init() {}

  package subscript(test: ScreenTest) -> Int64 {
    get { moments[test.rawValue] }
    set { moments[test.rawValue] = newValue }
  }

  package var last: Int64 { ScreenTest.allCases.reduce(0) { max($0, self[$1]) } }

  package static func == (left: Passes, right: Passes) -> Bool { ScreenTest.allCases.allSatisfy { left[$0] == right[$0] } }

  /// The later moment of each test.
  package func merged(with other: Passes) -> Passes {
    var both = self
    for test in ScreenTest.allCases { both[test] = max(self[test], other[test]) }
    return both
  }
}

extension Passes {
  /// `pregreet;dnsbl;pipelining;non-smtp;bare-newline`, as Postfix's cache has it.
  package var text: String { ScreenTest.allCases.map { String(self[$0]) }.joined(separator: ";") }

  /// Nil if it is not of that form.
  package init?(_ text: some StringProtocol) {
    let numbers = text.split(separator: ";", omittingEmptySubsequences: false)
    guard numbers.count == ScreenTest.allCases.count else { return nil }
    self.init()
    for (test, number) in zip(ScreenTest.allCases, numbers) {
      guard let moment = Int64(number), moment >= 0 else { return nil }
      self[test] = moment
    }
  }
}

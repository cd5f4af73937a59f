// SPDX-License-Identifier: Apache-2.0

/// The programs that people and other programs know from Postfix and Sendmail: this one, called by their names.
package enum ForeignProgram: String, CaseIterable, Sendable {
  case sendmail, mailq, newaliases, postqueue, postsuper, postcat, postmap, postalias, postconf, postfix

  /// `name`: the path by which this process was started.
  package init?(calledAs name: String) {
    self.init(rawValue: name.split(separator: "/").last.map(String.init) ?? "")
  }
}

extension Launch {
  package static func program(_ program: ForeignProgram, _ words: [String]) -> Int32 {
    switch program {
    case .sendmail: Sendmail.run(words)
    case .mailq: Sendmail.run(["-bp"] + words)
    case .newaliases: Sendmail.run(["-bi"] + words)
    case .postqueue: PostQueue.run(words)
    case .postsuper: PostSuper.run(words)
    case .postcat: PostCat.run(words)
    case .postmap, .postalias: PostMap.run(program, words)
    case .postconf: PostConf.run(words)
    case .postfix: PostfixCommand.run(words)
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
import Daemon

extension Words {
  /// `weir import [POSTFIX [DOVECOT]] [-o FOLDER] [--force]`
  mutating func importOptions() throws(UsageError) -> ImportOptions {
    let replaces = take("--force")
    let output = try value(of: ["-o", "--output"])
    if let flag = rest.first(where: { $0.hasPrefix("-") }) {
      throw UsageError("unexpected '\(flag)'", hint: Suggestion.nearest(to: flag, in: ["-o", "--output", "--force"]))
    }
    let postfix = next()
    let dovecot = next()
    if let word = next() { throw UsageError("unexpected '\(word)': a folder of Postfix and one of Dovecot is all") }
    return ImportOptions(postfixFolder: postfix, dovecotFolder: dovecot, outputFolder: output, replaces: replaces)
  }
}

extension Help {
  static let importTopic = """
    usage: weir import [POSTFIX [DOVECOT]] [-o FOLDER] [--force]

    Reads main.cf and master.cf of Postfix in the folder POSTFIX, dovecot.conf in
    DOVECOT, all that they include and the tables that they name, and writes
    below FOLDER (./weir-import if it is not given)

      weir.conf   the same in Weir's words; `weir check` finds nothing wrong with it
      tables/     copies of the tables that it names
      report.txt  every line of every file: kept, translated, refused and why,
                  or dangerous

    Without folders it reads /etc/postfix, and /etc/dovecot if that is there.
    Nothing is changed in them, and nothing below FOLDER is replaced without
    --force. Exit status 0 when everything was taken over, 1 when something was
    refused, 2 when a file could not be read or written.

    """
}

// SPDX-License-Identifier: Apache-2.0

extension Area {
  static let smtpProtection = Area(
    "Protection", "What Weir does not let pass.",
    [
      Keys.smtpdForbidBareNewline, Keys.smtpdForbidBareNewlineExclusions, Keys.smtpdForbidBareNewlineRejectCode, Keys.cleanupReplaceStrayCrLf,
      Keys.smtpdForbidUnauthPipelining, Keys.smtpdForbiddenCommands,
    ])
}

package enum ForbidBareNewline: String, CaseIterable, Sendable { case no, yes, normalize, reject, note }

extension Keys {
  package static let smtpdForbidBareNewline = Key.choice(
    "smtpd_forbid_bare_newline", ForbidBareNewline.normalize, .anywhere, example: "reject",
    """
    What to do about lines that end in LF alone, by which a second message can be smuggled inside a first. `normalize` (and `yes`): a message ends only \
    at `<CR><LF>.<CR><LF>`, and lone LFs become proper line ends. `reject`: refuse the message and hang up. `note`: log it. `no`: nothing.
    """)

  package static let smtpdForbidBareNewlineExclusions = Key.networks(
    "smtpd_forbid_bare_newline_exclusions", "$mynetworks", .anywhere, example: "192.0.2.25",
    "Clients to which smtpd_forbid_bare_newline does not apply.")

  package static let smtpdForbidBareNewlineRejectCode = Key.integer(
    "smtpd_forbid_bare_newline_reject_code", 550, in: 400...599, .anywhere, example: "521", "The code with which `reject` refuses.")

  package static let cleanupReplaceStrayCrLf = Key.boolean(
    "cleanup_replace_stray_cr_lf", true, .anywhere,
    "Whether a CR or LF that ends no line becomes a blank, so that no later server takes it for an end of line.")

  package static let smtpdForbidUnauthPipelining = Key.boolean(
    "smtpd_forbid_unauth_pipelining", false, .anywhere, "Whether a client that sends ahead where SMTP does not allow it is cut off.")

  package static let smtpdForbiddenCommands = Key.commands(
    "smtpd_forbidden_commands", "CONNECT GET POST regexp:{{/^[^A-Z]/ Bogus}}", .anywhere, example: "CONNECT, GET, POST",
    "Commands that end the session at once: who sends them is no mail client. The default also cuts off whatever does not start with a letter.")
}

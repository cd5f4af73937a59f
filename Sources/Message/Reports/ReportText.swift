// SPDX-License-Identifier: Apache-2.0

/// The part of a report that people write: what bounce(5) calls a template.
package struct ReportText: Equatable, Sendable {
  package var charset: String
  /// `address (name)`, or an address with or without a name in front.
  package var from: String
  package var subject: String
  package var postmasterSubject: String
  /// Lines, with `$name` in them.
  package var body: String

  package init(charset: String = "us-ascii", from: String = defaultFrom, subject: String, postmasterSubject: String, body: String) {
    self.charset = charset
    self.from = from
    self.subject = subject
    self.postmasterSubject = postmasterSubject
    self.body = body
  }

  package static let defaultFrom = "MAILER-DAEMON (Mail Delivery System)"

  package static let failure = ReportText(
    subject: "Undelivered Mail Returned to Sender", postmasterSubject: "Postmaster Copy: Undelivered Mail",
    body: """
      This is the mail system at host $myhostname.

      Your message could not be delivered to one or more of its
      recipients, for the reasons below. It is attached to this report.

      If you need help, write to the postmaster and send this report
      along. Your own text in it may be left out.

                         The mail system

      """)

  package static let delay = ReportText(
    subject: "Delayed Mail (still being retried)", postmasterSubject: "Postmaster Warning: Delayed Mail",
    body: """
      This is the mail system at host $myhostname.

      THIS IS ONLY A WARNING: YOU NEED NOT SEND YOUR MESSAGE AGAIN.

      For more than $delay_warning_time_hours hour(s) your message could not be delivered.
      It will be tried until it is $maximal_queue_lifetime_days day(s) old.

      If you need help, write to the postmaster and send this report
      along. Your own text in it may be left out.

                         The mail system

      """)

  package static let success = ReportText(
    subject: "Successful Mail Delivery Report", postmasterSubject: "",
    body: """
      This is the mail system at host $myhostname.

      Your message was delivered to the recipients below. Where it went
      into a mailbox, this is the last you hear of it. Where it was handed
      on, other systems may still report that it failed.

                         The mail system

      """)

  package static let verify = ReportText(
    subject: "Mail Delivery Status Report", postmasterSubject: "",
    body: """
      This is the mail system at host $myhostname.

      Here is what you asked for: what would become of mail
      for these recipients. None was sent to them.

                         The mail system

      """)
}

extension ReportText {
  /// As bounce(5) has it in a file.
  package var written: String {
    let postmaster = postmasterSubject.isEmpty ? "" : "Postmaster-Subject: \(postmasterSubject)\n"
    return "Charset: \(charset)\nFrom: \(from)\nSubject: \(subject)\n\(postmaster)\n\(body)"
  }

  /// The body with `$name` filled in.
  package func expanded(_ value: @escaping (String) -> String?) -> String { TextExpansion(value).expand(body) }
}

/// The texts of all kinds.
package struct ReportTexts: Equatable, Sendable {
  package var failure = ReportText.failure
  package var delay = ReportText.delay
  package var success = ReportText.success
  /// Of `sendmail -bv`.
  package var verify = ReportText.verify

  package init() {}

  /// Under the names by which they are known in a file.
  package var named: [(name: String, text: ReportText)] { [("failure", failure), ("delay", delay), ("success", success), ("verify", verify)] }

  package subscript(kind: StatusReport.Kind) -> ReportText {
    switch kind {
    case .failure: failure
    case .delay: delay
    case .success: success
    case .verification: verify
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

extension Area {
  static let reports = Area(
    "Reports", "What senders and the postmaster are told about mail that fails, waits or arrives. See docs/reports.md.",
    [
      Keys.notifyClasses, Keys.errorNoticeRecipient, Keys.bounceNoticeRecipient, Keys.doubleBounceNoticeRecipient, Keys.delayNoticeRecipient,
      Keys.doubleBounceSender,
      Keys.delayWarningTime, Keys.confirmDelayCleared, Keys.bounceSizeLimit, Keys.bounceTemplateFile, Keys.enableThreadedBounces,
    ])
}

extension Keys {
  package static let notifyClasses = Key.choices(
    "notify_classes", "resource, software", of: ["bounce", "2bounce", "data", "delay", "policy", "protocol", "resource", "software"],
    example: "2bounce, resource, software",
    """
    What the postmaster is mailed about. `bounce`: a copy of each report of a failure, with no more than the header of the message. `2bounce`: reports that \
    could not be delivered themselves, whole. `delay`: a copy of each warning. The other words, and `bounce`, ask for what was said in a session with a client when something went wrong: \
    `policy`: it was refused by a restriction or a stage; `protocol`: it made a mistake in SMTP; `resource`: there was no room; `software`: \
    the fault is on our side; `data`: a table could not tell. `protocol` also asks for what was said to a server that did not understand us, or we not it.
    """)

  package static let errorNoticeRecipient = Key.text(
    "error_notice_recipient", "postmaster", example: "postmaster@example.com",
    "Who gets what was said in sessions in which something went wrong.")

  package static let bounceNoticeRecipient = Key.text(
    "bounce_notice_recipient", "postmaster", example: "bounces@example.com", "Who gets the copies that the class `bounce` asks for.")

  package static let doubleBounceNoticeRecipient = Key.text(
    "2bounce_notice_recipient", "postmaster", example: "bounces@example.com",
    "Who gets the reports that could not be delivered, if notify_classes has `2bounce` or `bounce`.")

  package static let delayNoticeRecipient = Key.text(
    "delay_notice_recipient", "postmaster", example: "delays@example.com", "Who gets the copies that the class `delay` asks for.")

  package static let doubleBounceSender = Key.text(
    "double_bounce_sender", "double-bounce", example: "undeliverable",
    "The sender of mail to the postmaster, before the @ of myorigin. Where such mail cannot be delivered it is dropped, and mail to this address is thrown away."
  )

  package static let delayWarningTime = Key.duration(
    "delay_warning_time", "0h", unit: .hours, seconds: 0...315_360_000, example: "4h",
    "A sender is warned, once, when mail has waited this long in vain. 0 means never.")

  package static let confirmDelayCleared = Key.boolean(
    "confirm_delay_cleared", false, .topLevel, "Whether a sender who was warned of a delay is told when the mail is delivered after all.")

  package static let bounceSizeLimit = Key.byteCount(
    "bounce_size_limit", "50000", in: 1...1_073_741_824, example: "200000",
    "A report of a failure has the whole message attached if it is no longer than this, else only its header.")

  package static let bounceTemplateFile = Key.path(
    "bounce_template_file", "", example: "/etc/weir/bounce.cf",
    "A file with texts for reports in place of the built-in ones, as Postfix's bounce(5) has them.")

  package static let enableThreadedBounces = Key.boolean(
    "enable_threaded_bounces", false, .topLevel,
    "Whether a report says which message it answers (References), so that mail readers show the two together.")
}

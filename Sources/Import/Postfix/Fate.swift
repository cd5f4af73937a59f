// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Settings

/// What becomes of one setting of Postfix, by its name and value.
enum Fate {
  /// Stands in weir.conf under this name, with this value; the note says how it was changed.
  case keep(String, String, note: String?)
  case translated(String)
  case refused(String)

  init(_ name: String, _ value: String, inListener: Bool, isReferenced: Bool) {
    if let own = Self.ownPlaces[name] {
      self = .translated("not needed: \(own)")
    } else if let rename = Self.rename(name, value) {
      self = rename
    } else if Schema.definition(name, inListener: inListener) != nil {
      self = .keep(name, value, note: nil)
    } else if Schema.definition(name) != nil {
      self = .refused("Weir has it for the whole server only, not for one port")
    } else if let known = Schema.knownName(name) {
      self = Self.of(known, value)
    } else if isReferenced, name.isName, !inListener {
      self = .keep(name, value, note: nil)
    } else if Self.isOfTransport(name) {
      self = .translated("not needed: it tunes a transport of its own, and Weir has none")
    } else {
      self = Self.unknown(name)
    }
  }

  private static func of(_ known: KnownName, _ value: String) -> Fate {
    let plain = value.listElements.joined(separator: " ")
    switch known.standing {
    case .needless: return .translated("not needed: it \(known.did). \(known.instead.asSentence)")
    case .missing where known.sameAs.contains(plain), .later where known.sameAs.contains(plain):
      return .translated("not needed: it \(known.did); this value is what Weir does anyway")
    case .missing: return .refused("it \(known.did), which Weir does not do. \(known.instead.asSentence)")
    case .later: return .refused("it \(known.did), which Weir does not do yet. \(known.instead.asSentence)")
    }
  }

  private static func unknown(_ name: String) -> Fate {
    let meant = Schema.suggestion(for: name).map { ". Did you mean `\($0)`?" } ?? ""
    return .refused("nobody knows this setting: Postfix warns of it and goes on without it\(meant)")
  }

  /// Whether `$name` means in weir.conf what it means in main.cf.
  static func isCopied(_ name: String) -> Bool {
    if ownPlaces[name] != nil || rename(name, "") != nil { return false }
    return Schema.definition(name) != nil || Schema.knownName(name) == nil
  }

  /// Where Postfix keeps its own things. Weir has settings of these names, and its own places.
  private static let ownPlaces = [
    "queue_directory": "it is where Postfix's queue is. Weir's is in data_directory; let Postfix empty its queue before you stop it",
    "data_directory": "it is where Postfix keeps its state. Weir's is /var/lib/weir",
    "mail_owner": "it is the user of Postfix's processes. Weir's is `weir`",
  ]

  /// Old names and old forms.
  private static func rename(_ name: String, _ value: String) -> Fate? {
    let isOn = value.lowercased() == "yes"
    switch name {
    case "smtpd_use_tls":
      return isOn
        ? .keep("smtpd_tls_security_level", "may", note: "today's form is smtpd_tls_security_level = may") : .translated("not needed: it is off")
    case "smtpd_enforce_tls":
      return isOn
        ? .keep("smtpd_tls_security_level", "encrypt", note: "today's form is smtpd_tls_security_level = encrypt")
        : .translated("not needed: it is off")
    case "virtual_maps" where Schema.definition("virtual_alias_maps") != nil:
      return .keep("virtual_alias_maps", value, note: "today's name is virtual_alias_maps")
    case "fallback_relay" where Schema.definition("smtp_fallback_relay") != nil:
      return .keep("smtp_fallback_relay", value, note: "today's name is smtp_fallback_relay")
    case "smtpd_client_connection_limit_exceptions":
      return .keep("smtpd_client_event_limit_exceptions", value, note: "today's name is smtpd_client_event_limit_exceptions")
    default: return nil
    }
  }

  /// `NAME_destination_recipient_limit` and the like, for a transport of master.cf.
  private static func isOfTransport(_ name: String) -> Bool {
    [
      "_destination_concurrency_limit", "_destination_recipient_limit", "_destination_rate_delay", "_initial_destination_concurrency", "_time_limit",
      "_destination_concurrency_positive_feedback", "_destination_concurrency_negative_feedback", "_destination_concurrency_failed_cohort_limit",
      "_transport_rate_delay", "_delivery_slot_cost", "_recipient_limit", "_extra_recipient_limit", "_minimum_delivery_slots",
    ].contains { name.hasSuffix($0) }
  }
}

extension String {
  /// As a sentence of its own: advice begins in upper case, unless it begins with something to be copied.
  var asSentence: String {
    let words = split(separator: " ")
    let isCode =
      !(words.first?.allSatisfy(\.isLetter) ?? false) && words.first?.last != "," && words.first?.last != ":" || words.dropFirst().first == "="
    return isCode ? self : prefix(1).uppercased() + dropFirst()
  }
}

// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// What to say of a name outside of any file.
package enum SettingAdvice {
  /// `name` is no setting, or none of the listener's that is named before it.
  package static func whyThereIsNone(_ name: String) -> String {
    if let place = SettingPlace(name), let listener = place.listener { return "there is no setting `\(place.name)` of a listener `\(listener)`" }
    if Schema.definition(name, inListener: true) != nil { return "`\(name)` is a listener's: ask for NAME/\(name)" }
    if let known = Schema.knownName(name) ?? Schema.familyName(name) {
      return "`\(name)` is \(known.origin.title)'s: it \(known.did); Weir has no such setting (\(known.instead))"
    }
    let meant = Schema.suggestion(for: name).map { "; did you mean `\($0)`?" } ?? ""
    return "there is no setting `\(name)`\(meant)"
  }
}

extension Definition.Origin {
  /// As a person says it.
  var title: String { self == .dovecot ? "Dovecot" : self == .postfix ? "Postfix" : "Weir" }
}

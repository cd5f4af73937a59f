// SPDX-License-Identifier: Apache-2.0

/// Which odd paths are read, under the names of the settings that say so.
package struct PathRules: Equatable, Sendable {
  /// `strict_rfc821_envelopes`: only what stands in `<>`.
  package var isStrict = false
  /// `allow_min_user`: a local part that begins with a hyphen, which programs may take for an option.
  package var takesHyphen = false
  /// `resolve_numeric_domain`: `user@192.0.2.1` for `user@[192.0.2.1]`.
  package var takesNumericDomain = false
  /// `resolve_null_domain`: `user@` for `user`.
  package var takesNullDomain = false

  package init(isStrict: Bool = false, takesHyphen: Bool = false, takesNumericDomain: Bool = false, takesNullDomain: Bool = false) {
    self.isStrict = isStrict
    self.takesHyphen = takesHyphen
    self.takesNumericDomain = takesNumericDomain
    self.takesNullDomain = takesNullDomain
  }
}

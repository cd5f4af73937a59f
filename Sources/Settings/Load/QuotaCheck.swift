// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// Whether what is said of quotas can be obeyed.
struct QuotaCheck {
  let values: SettingValues
  let scope: Scope

  func check() -> [Diagnostic] {
    checkRules() + checkGrace() + checkRoot() + checkReply(Keys.quotaStatusOverquota) + checkReply(Keys.quotaStatusToolarge)
  }

  private func checkRules() -> [Diagnostic] {
    guard let written = scope.settings[Keys.quotaRule.name], !values[Keys.quotaRule].isEmpty else { return [] }
    if values.hasQuotaSizes {
      return [.error(written.text, "quota_storage_size and quota_message_count are in the place of quota_rule", hint: "remove one of the two ways")]
    }
    for rule in values[Keys.quotaRule].quotaRules {
      do throws(QuotaRule.Fault) {
        _ = try QuotaRule(rule)
      } catch {
        let place = written.text.bytes.firstRange(of: Array(rule.utf8)).map { written.text[$0] } ?? written.text
        return [.error(place, error.text, hint: "quota_rule = *:storage=1G:messages=10000")]
      }
    }
    return []
  }

  private func checkGrace() -> [Diagnostic] {
    guard let written = scope.settings[Keys.quotaGrace.name] else { return [] }
    do throws(QuotaRule.Fault) {
      _ = try QuotaLimits.grace(values[Keys.quotaGrace], of: 0)
      return []
    } catch {
      return [.error(written.text, error.text, hint: "quota_grace = 10%")]
    }
  }

  private func checkRoot() -> [Diagnostic] {
    guard let written = scope.settings[Keys.quota.name] else { return [] }
    guard let root = QuotaRoot(values[Keys.quota]) else {
      let driver = String(values[Keys.quota].prefix { $0 != ":" })
      let meant = Suggestion(QuotaRoot.drivers).nearest(to: driver).map { "did you mean `\($0)`?" }
      return [.error(written.text, "nobody counts quotas by `\(driver)`", hint: meant ?? "quota = maildir:User quota")]
    }
    if root.isElsewhere { return [.warning(written.text, "this quota is for another namespace: mail that is delivered is not limited by it")] }
    if root.isLeftToOthers { return [.warning(written.text, "`\(root.driver)` leaves the limits to others: Weir enforces none")] }
    guard root.isCountedOtherwise else { return [] }
    let what = "Weir counts the files of a Maildir itself, in maildirsize, and does not ask Dovecot's `\(root.driver)`"
    return [.warning(written.text, what, hint: "quota = maildir:User quota for both")]
  }

  private func checkReply(_ key: Key<String>) -> [Diagnostic] {
    guard let written = scope.settings[key.name], QuotaReply(values[key], status: "5.2.2") == nil else { return [] }
    return [.error(written.text, "`\(values[key])` is no refusal", hint: "\(key.name) = \(key.definition.defaultText)")]
  }
}

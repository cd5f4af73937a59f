// SPDX-License-Identifier: Apache-2.0
import SMTP

/// `check_policy_service`.
extension Evaluation {
  mutating func ask(_ call: PolicyCall, _ item: RestrictionList.Item, _ context: Context) throws(Interruption) -> Outcome {
    policyCalls += 1
    let question = Question.policy(call.server(settings.policyLimits), attributes: attributes(call), number: policyCalls)
    guard let answer = answers[question] else { throw .needs(question) }
    guard case .policy(let result) = answer else { return .dunno }
    switch result {
    case .success(let action): return try perform(AccessAction(action), from: "policy server \(call.title)", context)
    case .failure(let failure):
      warn("problem talking to server \(call.title): \(failure.reason)")
      let action = call.defaultAction ?? settings.policyDefaultAction
      return try perform(AccessAction(action), from: "default action for policy server \(call.title)", context)
    }
  }

  /// As Postfix's SMTPD_POLICY_README lists them, in the order in which it sends them.
  private func attributes(_ call: PolicyCall) -> [PolicyAttribute] {
    session + message + security
      + [
        ("policy_context", call.context ?? settings.policyContext), ("compatibility_level", "3.6"), ("mail_version", "3.7.11"),
      ].map(PolicyAttribute.init)
  }

  private var session: [PolicyAttribute] {
    [
      ("request", "smtpd_access_policy"), ("protocol_state", facts.place), ("protocol_name", facts.protocolName),
      ("client_address", facts.clientAddress.map(\.description) ?? "unknown"), ("client_name", facts.clientName),
      ("client_port", facts.client.port == 0 ? "unknown" : String(facts.client.port)), ("reverse_client_name", facts.reverseName),
      ("server_address", facts.client.destination?.address.description ?? "unknown"),
      ("server_port", facts.client.destination.map { String($0.port) } ?? "unknown"), ("helo_name", facts.helo ?? ""),
    ].map(PolicyAttribute.init)
  }

  /// The number of recipients and the queue id are told once there is a message for them to be of.
  private var message: [PolicyAttribute] {
    let isWhole = facts.place == "DATA" || facts.place == "END-OF-MESSAGE"
    return [
      ("sender", facts.sender?.address ?? ""), ("recipient", facts.recipient?.address ?? ""),
      ("recipient_count", isWhole ? String(facts.recipientCount) : "0"), ("queue_id", facts.queueID), ("instance", facts.instance),
      ("size", String(facts.size)), ("etrn_domain", facts.etrnDomain ?? ""), ("stress", settings.stress), ("sasl_method", ""), ("sasl_username", ""),
      ("sasl_sender", ""),
    ].map(PolicyAttribute.init)
  }

  /// RFC 3461 §4, but for the equals sign.
  private func xtext(_ text: String?) -> String {
    let bytes = (text ?? "").utf8.map { (0x21..<0x7f).contains($0) && $0 != 0x2b ? String(UnicodeScalar($0)) : "+" + Self.hexadecimal($0) }
    return bytes.joined()
  }

  private static func hexadecimal(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true) }

  private var security: [PolicyAttribute] {
    let certificate = facts.tls?.certificate
    let trusted = certificate?.isTrusted == true ? certificate : nil
    return [
      ("ccert_subject", xtext(trusted?.commonName)), ("ccert_issuer", xtext(trusted?.issuer)),
      ("ccert_fingerprint", certificate?.fingerprint ?? ""), ("ccert_pubkey_fingerprint", certificate?.publicKeyFingerprint ?? ""),
      ("encryption_protocol", facts.tls?.version ?? ""), ("encryption_cipher", facts.tls?.cipher ?? ""),
      ("encryption_keysize", facts.tls.map { String($0.bits) } ?? "0"),
    ].map(PolicyAttribute.init)
  }
}

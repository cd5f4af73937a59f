// SPDX-License-Identifier: Apache-2.0

/// Settings of Dovecot that are risky by their value.
enum DovecotDangers {
  /// `outer` are the kinds of the blocks around it.
  static func danger(_ name: String, _ value: String, _ outer: [String]) -> String? {
    let words = value.listElements.map { $0.lowercased() }
    switch name {
    case "disable_plaintext_auth" where words == ["no"], "auth_allow_cleartext" where words == ["yes"]:
      return "passwords may cross the network in the clear"
    case "ssl" where words == ["no"]: return "passwords and mail cross the network in the clear"
    case "mode" where outer.last == "unix_listener" && ["0666", "0777", "666", "777"].contains(value):
      return "every user of this machine may talk to this socket"
    case "auth_debug_passwords" where words == ["yes"], "auth_verbose_passwords" where words != ["no"]: return "passwords are in the log"
    case "auth_mechanisms" where words.contains("anonymous"): return "anybody may log in without a name"
    case "first_valid_uid" where words == ["0"], "mail_uid" where words == ["0"] || words == ["root"]: return "root may have mail and log in"
    case "ssl_min_protocol" where ["sslv2", "sslv3", "tlsv1", "tlsv1.1"].contains(words.first ?? ""), "ssl_protocols" where words.contains("sslv3"):
      return "protocols that are broken are allowed"
    case "login_trusted_networks" where words.contains { WideNetwork.isTooWide($0) }: return "strangers count as proxies of yours"
    case "args" where outer.first == "passdb" && words.contains { $0.hasPrefix("nopassword") }: return "anybody may log in without a password"
    default: return nil
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

extension KnownName {
  /// Logins and TLS.
  static let postfixSecurity: [KnownName] = [
    later(.postfix, "smtpd_sasl_auth_enable", "lets users log in", "AUTH is not offered; clients in mynetworks need no login"),
    needless(.postfix, "smtpd_sasl_type", "chooses who checks passwords", auth),
    needless(.postfix, "smtpd_sasl_path", "says where passwords are checked", auth),
    needless(.postfix, "smtpd_sasl_security_options", "limits the ways to log in", auth),
    needless(.postfix, "smtpd_sasl_tls_security_options", "limits the ways to log in under TLS", auth),
    needless(.postfix, "smtpd_sasl_local_domain", "is the domain of users who name none", auth),
    needless(.postfix, "smtpd_sasl_authenticated_header", "names the user in Received:", auth),
    needless(.postfix, "smtpd_sasl_exceptions_networks", "hides AUTH from some clients", auth),
    needless(.postfix, "smtpd_sasl_service", "is the service name for logins", auth),
    needless(.postfix, "smtpd_sasl_response_limit", "limits the length of a login", auth),
    needless(.postfix, "broken_sasl_auth_clients", "offers AUTH in an old form too", auth),
    missing(.postfix, "smtpd_tls_auth_only", "allows logins under TLS only", auth),
    needless(.postfix, "smtpd_use_tls", "is the old form of smtpd_tls_security_level", "smtpd_tls_security_level = may"),
    missing(.postfix, "smtpd_enforce_tls", "is the old form of smtpd_tls_security_level", "smtpd_tls_security_level = encrypt"),
    needless(.postfix, "smtpd_tls_session_cache_database", "keeps TLS sessions", "remove the line: sessions are resumed by tickets"),
    needless(.postfix, "smtpd_tls_always_issue_session_ids", "offers to resume sessions"),
    needless(.postfix, "smtpd_tls_eecdh_grade", "chooses curves", "remove the line: OpenSSL's are used"),
    needless(.postfix, "smtpd_tls_dh1024_param_file", "holds Diffie-Hellman parameters", "remove the line: OpenSSL's are used"),
    needless(.postfix, "smtpd_tls_dh512_param_file", "holds Diffie-Hellman parameters", "remove the line: OpenSSL's are used"),
    needless(.postfix, "smtpd_tls_dcert_file", "is a DSA certificate", "use smtpd_tls_chain_files"),
    needless(.postfix, "smtpd_tls_dkey_file", "is a DSA key", "use smtpd_tls_chain_files"),
    needless(.postfix, "smtpd_tls_eccert_file", "is a second certificate, of the ECDSA kind", "use smtpd_tls_chain_files"),
    needless(.postfix, "smtpd_tls_eckey_file", "is a second key, of the ECDSA kind", "use smtpd_tls_chain_files"),
    needless(.postfix, "tls_random_source", "is where random numbers come from", "remove the line: the kernel's are used"),
    needless(.postfix, "tls_ssl_options", "sets options of OpenSSL"),
    needless(.postfix, "tls_high_cipherlist", "redefines a grade of ciphers"),
    needless(.postfix, "tls_medium_cipherlist", "redefines a grade of ciphers"),
    needless(.postfix, "tls_eecdh_auto_curves", "chooses curves", "remove the line: OpenSSL's are used"),
    needless(.postfix, "smtputf8_autodetect_classes", "says where SMTPUTF8 is detected"),
  ]

  private static let auth = "not yet: clients in mynetworks need no login"
}

// SPDX-License-Identifier: Apache-2.0

extension KnownName {
  /// Logins, TLS, and how Dovecot itself is laid out.
  static let dovecotServices =
    table(
      .dovecot, .missing, instead: "not yet: there are no logins",
      """
      auth_anonymous_username: is the user of anonymous logins == anonymous
      auth_allow_weak_schemes: allows weak password schemes
      auth_default_passdb_mechanisms auth_master_users: sets up logins
      auth_failure_delay: delays the answer to a wrong password == 2 secs | 2s
      auth_gssapi_hostname auth_krb5_keytab auth_use_winbind auth_winbind_helper_path: is for Kerberos or Windows logins == /usr/bin/ntlm_auth
      auth_proxy_self auth_realms auth_username_translation auth_internal_failure_delay: sets up logins
      auth_ssl_require_client_cert auth_ssl_username_from_cert: logs in by a client's certificate
      auth_passdb_args auth_userdb_args auth_ip_address auth_master_username: sets up logins
      login_source_ips login_plugins login_access_sockets login_plugin_dir: sets up logins == /usr/lib/dovecot/modules/login
      oauth2_introspection_url: is where OAuth 2 tokens are checked
      ssl_require_crl ssl_server_require_crl: requires lists of revoked certificates == yes
      ssl_verify_client_cert ssl_server_request_client_cert: asks clients for a certificate
      ssl_cert_username_field ssl_server_cert_username_field: is the user's name in a client's certificate == commonName
      ssl_alt_cert ssl_alt_key ssl_server_alt_cert_file ssl_server_alt_key_file: is a second certificate, or its key -> use smtpd_tls_chain_files
      ssl_key_password ssl_server_key_password: is the password of the key -> use a key without a password, readable by root alone
      ssl_server_ca_file: names the authorities whose client certificates count
      ssl_client_cert ssl_client_key ssl_client_cert_file ssl_client_key_file: is the certificate for outgoing connections
      ssl_client_require_valid_cert: requires good certificates in outgoing connections == yes
      submission_host submission_relay_port submission_relay_user submission_relay_password: is where submitted mail goes -> not yet: mail for other servers waits in the spool
      submission_relay_ssl submission_relay_ssl_verify submission_relay_master_user submission_relay_trusted: is where submitted mail goes -> not yet: mail for other servers waits in the spool == yes
      submission_ssl submission_max_mail_size submission_max_recipients submission_client_workarounds: sets up submission -> use a `listener` block with port = submission == 41943040
      lmtp_proxy: hands mail on to another LMTP server
      lmtp_rcpt_check_quota: refuses mail for a full mailbox at RCPT
      """)
    + table(
      .dovecot, .needless, instead: "not yet: there are no logins",
      """
      auth_cache_negative_ttl auth_cache_verify_password_with_worker auth_stats auth_socket_path: tunes logins
      auth_worker_max_request_count auth_request_max_process_count: tunes logins
      login_log_format login_proxy_max_disconnect_delay login_proxy_max_reconnects login_proxy_notify_path: tunes logins
      login_proxy_rawlog_dir login_proxy_timeout login_auth_socket_path login_socket_path: tunes logins
      haproxy_timeout: is how long a proxy may take to name the client
      """)
    + table(
      .dovecot, .needless, instead: "remove the line",
      """
      ssl_cipher_suites ssl_curve_list ssl_crypto_device ssl_options: tunes TLS -> use smtpd_tls_ciphers and smtpd_tls_protocols
      ssl_server_dh_file ssl_server_prefer_ciphers ssl_max_protocol: tunes TLS -> remove the line: OpenSSL's own values are used
      ssl_parameters_regenerate ssl_dh_parameters_length: tunes TLS -> remove the line: OpenSSL's own values are used
      default_idle_kill default_idle_kill_interval default_restart_request_count: limits a process
      default_internal_group: is the group of processes that know little -> use mail_owner
      config_cache_size dict_db_config dict_legacy_db_config: tunes a process
      libexec_dir state_dir run_dir mail_plugin_dir valid_chroot_dirs: is a folder of Dovecot's
      log_core_filter log_debug process_shutdown_filter: chooses what is logged
      rawlog_dir stats_http_rawlog_dir stats_writer_socket_path: records what is said, for tests
      deliver_log_format: is the form of the log's line for a delivery
      verbose_proctitle verbose_ssl version_ignore: tunes a process
      old_stats_carbon_interval old_stats_carbon_name old_stats_carbon_server old_stats_command_min_time: counts events
      old_stats_domain_min_time old_stats_ip_min_time old_stats_memory_limit old_stats_session_min_time old_stats_user_min_time: counts events
      dsync_alt_char dsync_commit_msgs_interval dsync_features dsync_hashed_headers dsync_remote_cmd: tunes dsync
      doveadm_socket_path doveadm_port doveadm_worker_count doveadm_http_rawlog_dir doveadm_ssl: tunes doveadm
      replicator_host replicator_port replication_max_conns replication_full_sync_interval replication_dsync_parameters: tunes replication
      director_flush_socket director_max_parallel_kicks director_max_parallel_moves director_output_buffer_size: tunes the director
      director_ping_idle_timeout director_ping_max_timeout director_user_expire director_user_kick_delay director_username_hash: tunes the director
      submission_logout_format submission_timeout submission_relay_rawlog_dir submission_add_received_header: tunes submission
      submission_relay_command_timeout submission_relay_connect_timeout submission_relay_max_idle_time: tunes submission
      lmtp_verbose_replies lmtp_rawlog_dir lmtp_proxy_rawlog_dir lmtp_client_workarounds: tunes LMTP
      lmtp_user_concurrency_limit: limits deliveries to one user -> use delivery_threads
      dns_client_socket_path dns_client_timeout: tunes questions to the DNS
      managesieve_client_workarounds managesieve_implementation_string managesieve_logout_format managesieve_max_compile_errors: tunes ManageSieve
      managesieve_max_line_length managesieve_notify_capability managesieve_sieve_capability: tunes ManageSieve
      dovecot_community_enabled submission_backend_capabilities: is a detail of Dovecot's
      """)
}

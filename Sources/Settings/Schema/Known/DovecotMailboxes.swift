// SPDX-License-Identifier: Apache-2.0

extension KnownName {
  /// Mailboxes, IMAP, POP3 and delivery.
  static let dovecotMailboxes =
    table(
      .dovecot, .later,
      """
      quota_warning: runs a command when a mailbox fills
      quota_over_flag quota_over_flag_value quota_over_flag_lazy_check quota_over_status quota_over_script: marks users whose mailbox is full
      quota_mailbox_count quota_mailbox_message_count: limits the number of mailboxes, or of messages in one
      quota_set quota_clone_dict: keeps quotas in a dictionary
      """)
    + table(
      .dovecot, .needless, instead: "remove the line",
      """
      quota_vsizes: counts messages as they are sent, each line with two bytes at its end
      quota_status_success quota_status_nouser: is what Postfix hears of quotas
      quota_hidden quota_ignore_unlimited: says what IMAP shows of quotas
      """)
    + table(
      .dovecot, .missing,
      """
      mail_chroot: locks a user's processes into a folder
      mail_full_filesystem_access: lets users open mailboxes anywhere
      mail_shared_explicit_inbox mail_attribute_dict mail_attribute: sets up shared mailboxes and notes to them
      mail_storage mail_control_path mail_alt_path mail_index_path mail_volatile_path mail_ext_attachment_path: says where parts of mailboxes are -> use home_mailbox or virtual_mailbox_maps
      mailbox_list_layout mailbox_directory_name mailbox_root_directory_name mailbox_list_utf8: lays out mailboxes
      hostname: is the name in what Dovecot sends -> use myhostname
      lda_original_recipient_header lda_mailbox_name: delivers by a header field
      lmtp_add_received_header lmtp_hdr_delivery_address: adds a header field == yes | final
      rejection_reason rejection_subject: is the text of refusals that are sent as mail == Rejected: %s
      sieve sieve_dir sieve_global sieve_before sieve_after sieve_default sieve_script: runs Sieve scripts -> not yet: there is no Sieve
      acl acl_shared_dict: sets up access rights to mailboxes
      fts fts_autoindex: sets up full-text search
      imap_metadata imap_capability imap_urlauth_host imap_urlauth_port: sets up IMAP -> not yet: there is no IMAP == 143
      pop3_delete_type pop3_deleted_flag pop3_enable_last: sets up POP3 -> not yet: there is no POP3 == default
      trash lazy_expunge virtual zlib_save expire expire_dict: sets up a plugin
      """)
    + table(
      .dovecot, .needless, instead: "not yet: there is no IMAP and no POP3",
      """
      imap_fetch_failure imap_hibernate_timeout imap_id_log imap_id_retain imap_id_send imap_id_received: tunes IMAP
      imap_literal_minus imap_logout_format imap_max_line_length imap_urlauth_logout_format imap4rev2_enable: tunes IMAP
      imap_compress_on_proxy imap_quota: tunes IMAP
      imapc_cmd_timeout imapc_connection_retry_count imapc_connection_retry_interval imapc_features imapc_host imapc_list_prefix: reads mailboxes on another IMAP server
      imapc_master_user imapc_max_idle_time imapc_max_line_length imapc_password imapc_port imapc_rawlog_dir: reads mailboxes on another IMAP server
      imapc_sasl_mechanisms imapc_ssl imapc_ssl_verify imapc_user: reads mailboxes on another IMAP server
      pop3_fast_size_lookups pop3_lock_session pop3_logout_format pop3_no_flag_updates pop3_reuse_xuidl pop3_save_uidl pop3_uidl_duplicates: tunes POP3
      pop3c_features pop3c_host pop3c_master_user pop3c_password pop3c_port pop3c_quick_received_date: reads mailboxes on another POP3 server
      pop3c_rawlog_dir pop3c_ssl pop3c_ssl_verify pop3c_user: reads mailboxes on another POP3 server
      mail_always_cache_fields mail_cache_fields mail_never_cache_fields: tunes index files
      mail_attachment_detection_options mail_attachment_dir mail_attachment_fs mail_attachment_hash mail_attachment_min_size: keeps attachments apart
      mail_log_prefix mail_max_keyword_length mail_max_lock_timeout mail_nfs_index mail_nfs_storage mail_prefetch_count: tunes mailboxes
      mail_save_crlf mail_server_admin mail_server_comment mail_sort_max_read_count mail_temp_scan_interval mail_vsize_bg_after_count: tunes mailboxes
      mailbox_idle_check_interval mailbox_list_index mailbox_list_index_include_inbox mailbox_list_index_very_dirty_syncs: tunes mailboxes
      maildir_broken_filename_sizes maildir_empty_new maildir_stat_dirs: tunes Maildirs
      mbox_dirty_syncs mbox_dotlock_change_timeout mbox_lazy_writes mbox_lock_timeout mbox_md5 mbox_min_index_size: tunes mailbox files
      mbox_read_locks mbox_very_dirty_syncs: tunes mailbox files
      mdbox_preallocate_space mdbox_rotate_interval mdbox_rotate_size: tunes Dovecot's own mailboxes
      dotlock_use_excl lock_method: says how files are locked
      last_valid_gid master_user_separator: limits users
      """)
}

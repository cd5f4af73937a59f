// SPDX-License-Identifier: Apache-2.0

extension KnownName {
  /// The queue, local delivery, bounces, and what is left of how Postfix is laid out.
  static let postfixQueue =
    table(
      .postfix, .missing,
      """
      best_mx_transport: delivers mail of which this host is the best MX
      default_delivery_status_filter local_delivery_status_filter pipe_delivery_status_filter virtual_delivery_status_filter: rewrites the result of a delivery
      require_home_directory: keeps mail of users whose home is not there == yes
      strict_mailbox_ownership: requires that a mailbox file is its user's own == yes
      reset_owner_alias: says whose name a list has as its sender
      disable_verp_bounces default_verp_delimiters: is for VERP, senders that hold the recipient == +=
      header_size_limit_maps nullmx_reject_code: chooses how odd mail is refused == 556
      """)
    + table(
      .postfix, .needless, instead: "not yet: there are no commands and no files in aliases",
      """
      execution_directory_expansion_filter: is the folder in which commands run
      """)
    + table(
      .postfix, .needless, instead: "not yet: remove the line",
      """
      backwards_bounce_logfile_compatibility: keeps an old form of the bounce log
      delay_logging_resolution_limit: is the precision of delays in the log
      verp_delimiter_filter: says which characters VERP may use
      authorized_verp_clients: says who may ask for VERP
      fast_flush_purge_time fast_flush_refresh_time: prepares for ETRN -> remove the line: there is no ETRN
      """)
    + table(
      .postfix, .needless, instead: "use delivery_threads, or remove the line: a delivery needs no process",
      """
      default_delivery_slot_cost default_delivery_slot_discount default_delivery_slot_loan default_minimum_delivery_slots: lets small messages overtake big ones
      destination_concurrency_feedback_debug: logs how many deliveries a destination stands
      default_extra_recipient_limit default_recipient_limit default_recipient_refill_delay default_recipient_refill_limit: limits the recipients in memory
      qmgr_clog_warn_time qmgr_fudge_factor qmgr_message_recipient_minimum: tunes the queue
      """)
    + table(
      .postfix, .needless, instead: "remove the line",
      """
      alternate_config_directories: lists other folders with a configuration
      connection_cache_status_update_time: is how often statistics are logged
      application_event_drain_time: limits the end of a process
      connection_cache_protocol_timeout connection_cache_ttl_limit: tunes a process of Postfix
      cyrus_sasl_config_path send_cyrus_sasl_authzid: is for Cyrus SASL
      daemon_table_open_error_is_fatal: stops on a table that cannot be read -> remove the line: `weir check` refuses such a table
      daemon_timeout qmgr_daemon_timeout qmgr_ipc_timeout trigger_timeout service_throttle_time: limits a process of Postfix
      fork_attempts fork_delay: is how often something is tried again
      dns_ncache_ttl_fix_enable: works around a fault of a resolver
      fault_injection_code: makes faults, for tests
      known_tcp_ports: gives numbers to the names of ports
      mail_release_date mail_version postfix_version: is Postfix's own version
      master_service_disable: turns services of master.cf off -> remove the `listener` block instead
      multi_instance_group postmulti_start_commands postmulti_stop_commands: is for several Postfixes
      process_id process_name service_name: is set by Postfix itself
      respectful_logging: chooses words in the log
      tcp_windowsize: sets a size of TCP -> remove the line: the kernel's is used
      bounce_service_name connection_cache_service_name defer_service_name error_service_name flush_service_name: names one of Postfix's services
      pickup_service_name postlog_service_name proxymap_service_name proxywrite_service_name queue_service_name: names one of Postfix's services
      showq_service_name trace_service_name virtual_service_name local_service_name relay_service_name: names one of Postfix's services
      non_bdb_migration_allow_root_prefixes non_bdb_migration_allow_user_prefixes non_bdb_migration_level: moves tables away from Berkeley DB -> remove the line: Weir reads text files
      default_cache_db_type: is the type of Postfix's caches
      nonexistent_sender_reject_code: chooses a reply code
      """)
}

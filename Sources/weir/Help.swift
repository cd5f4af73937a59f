// SPDX-License-Identifier: Apache-2.0
import Daemon
import Runtime

/// What the command says of itself.
enum Help {
  static let verbs = [
    "run", "check", "completion", "config", "import", "queue", "doctor", "events", "explain", "log", "map", "plugin", "plugins", "reload",
    "reference", "shadow",
    "test", "tls-outcomes",
    "version", "help",
  ]

  static func printVersion() -> Int32 {
    Terminal.write("weir \(Product.version)\n")
    return 0
  }

  static func printCompletion(_ shell: String) -> Int32 {
    guard let script = CommandTable.script(shell) else { return UsageError("no completion for '\(shell)'; there is bash and zsh").report() }
    Terminal.write(script)
    return 0
  }

  static func print(_ topic: String?) -> Int32 {
    guard let topic else {
      Terminal.write(overview)
      return 0
    }
    guard let text = topics[topic] else { return UsageError("no help on '\(topic)'", hint: Suggestion.nearest(to: topic, in: verbs)).report() }
    Terminal.write(text)
    return 0
  }

  private static let overview = """
    weir \(Product.version), an edge mail server whose every policy is a plugin

    usage: weir COMMAND [--config FILE] [--data DIR]

      run                  serve mail in the foreground; Ctrl-C stops it
      reload               let the running daemon use the configuration as it is now
      check                say whether the configuration is sound, and exit
      config [-n|-d] [-h] [-x] [NAME...]
                           print settings; -n those that are set, -d the defaults
      config -e NAME=VALUE...
                           change the file; -# NAME comments a setting out, -X NAME removes it
      import [POSTFIX [DOVECOT]] [-o FOLDER]
                           write a weir.conf that means what theirs did
      queue [list|summary] messages that wait, all or some; by destination, with the reasons
      queue show|cat ID    one message: envelope and state of each recipient; its content
      queue retry|hold|release|requeue|delete ID...|ALL
                           what is to become of them
      queue export|import  to files and from them, and from the queue of a Postfix
      doctor [--json]      look at name, ports, DNS, certificates, disk ..., and say what to do
      events [--json]      print what happens from now on
      explain ID           what became of a message, and why: by queue id, address,
                           Message-ID, or the code of a refusal; --follow
      shadow               what stages with shadow = yes would have done
      log rotate|reopen    begin a new log file, pack the old one; or open it again
      map query|list|check what a table answers, and what is wrong with it
      plugins [--json]     what each stage of the running daemon has done: calls,
                           verdicts, times, failures
      plugin new|check|run write a filter of your own that works, to begin with; look at
                           a plugin's file; show it a message
      tls-outcomes [--json]
                           how TLS went with other servers, by day and domain
      test FILE...         try messages: what each stage says and changes, and what the
                           client would be told; nothing is delivered
      completion bash|zsh  print what a shell needs to complete these words
      reference PAGE       print the reference: markdown, sample or man
      version, help [COMMAND]

    Without --config, /etc/weir/weir.conf is read where it exists; else a demo
    configuration serves alice@demo.test and bob@demo.test on 127.0.0.1:2525.

    """

  private static let topics = [
    "run": """
    usage: weir run [--config FILE] [--data DIR]

    Serves mail in the foreground. Started as root, the listeners are opened first
    and every process that reads from the network then runs as mail_owner.
    SIGTERM and Ctrl-C let sessions end and stop; SIGHUP reloads, as 'weir reload'
    does, and says in the log how that went; SIGUSR1 opens the log file anew.

    """,
    "reload": """
    usage: weir reload [--config FILE] [--data DIR]

    Lets the running daemon read its configuration again. Settings, tables,
    certificates and plugins are checked first, in a process of their own; if
    anything is wrong, it is printed as 'weir check' does and nothing changes.
    Else new processes serve from now on, and those of before go on with the
    sessions that are open, for reload_drain_timeout at most. No connection is
    lost. When this command returns with 0, every new connection is served under the
    new configuration. For root and mail_owner.

    Exit status 0; 78 when the configuration is not right, 71 when it cannot be
    served (a port is taken, say), 69 when no daemon runs.

    """,
    "check": """
    usage: weir check [--config FILE]

    Reads the configuration and the tables it names, and prints every error with
    file, line and remedy. Exit status 0 when it is sound, 78 when it is not.

    """,
    "config": """
    usage: weir config [-n | -d] [-h] [-x] [NAME...] [--config FILE]
           weir config -e NAME=VALUE... | -# NAME... | -X NAME... [--config FILE]

    Prints settings as `name = value`: all, or the ones named. LISTENER/NAME is the
    setting of one listener, and `listener` names all their blocks.
      -n  only what the file sets
      -d  the defaults
      -h  the values without the names
      -x  with $name replaced by its value

    Or changes the file, keeping its comments and its order:
      -e  sets NAME to VALUE, where it stands now or else at the end
      -#  makes comments of the lines that set NAME
      -X  removes them
    The new text is checked first; when it is not right, nothing is written.

    Exit status 0; 1 when there is no such setting or the file cannot be written; 64
    when the command line makes no sense; 78 when the configuration is not right.

    """,
    "import": importTopic,
    "plugin": pluginTopic,
    "test": testTopic,
    "explain": explainTopic,
    "shadow": shadowTopic,
    "map": mapTopic,
    "tls-outcomes": """
    usage: weir tls-outcomes [--json] [--config FILE] [--data DIR]

    Shows how TLS went with other servers: for each day and domain whether the
    domain had a policy (tlsa for DANE, sts for MTA-STS), and how often each outcome
    came with each host. The words are those of RFC 8460. What happened in the last
    seconds may be missing. --json writes an object on a line for each.

    """,
    "plugins": """
    usage: weir plugins [--json] [--config FILE] [--data DIR]

    Shows the stages of the running daemon, in their order: how each runs, how
    many messages and events it was asked about, what it refused and changed, how
    often it failed, and how long it took (times are known to a factor of four).
    While an old generation drains, its stages are shown too. For root and
    mail_owner. Exit status 69 when no daemon answers.

    """,
    "doctor": """
    usage: weir doctor [--json] [--config FILE]

    Looks at all that mail needs besides a sound configuration: the host name, DNS
    forward and backward, MX records, ports, certificates, who may relay, files and
    their owners, disk, clock, other mail servers. Says what to do about what it
    finds. Changes nothing. As root it sees more. Exit status 1 if there is a
    problem, else 0.

    """,
    "events": """
    usage: weir events [--json] [--config FILE] [--data DIR]

    Prints what a running daemon does from now on: as lines of its log, or each as
    an object of JSON (docs/logs.md). For root and mail_owner.

    """,
    "log": """
    usage: weir log rotate|reopen [--config FILE] [--data DIR]

    rotate renames maillog_file to a name with the date (maillog_file_rotate_suffix),
    lets the daemon begin a new one, and packs the old one (maillog_file_compressor).
    reopen is for logrotate and the like, which have moved the file away themselves.

    """,
    "queue": queueTopic,
  ]
}

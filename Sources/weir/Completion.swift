// SPDX-License-Identifier: Apache-2.0
import Daemon
import Runtime

/// What may follow each command: the table that completion in shells is made of.
struct CommandTable {
  struct Command {
    let name: String
    var verbs: [String] = []
    var options: [String] = []
    /// What an argument is: nothing known, files, ids of the queue, or names of settings.
    var arguments = Arguments.none
  }

  enum Arguments: String { case none, files, ids, settings, topics }

  private static let filters = ["--sender", "--recipient", "--destination", "--status", "--older", "--newer", "--json"]

  static let commands: [Command] = [
    Command(name: "run"), Command(name: "reload"), Command(name: "check"),
    Command(name: "config", options: ["-n", "-d", "-h", "-x", "-e", "-#", "-X"], arguments: .settings),
    Command(name: "import", options: ["-o"], arguments: .files),
    Command(name: "queue", verbs: Words.queueVerbs, options: filters + ["--hold"], arguments: .ids),
    Command(name: "doctor", options: ["--json"]), Command(name: "events", options: ["--json"]),
    Command(name: "explain", options: ["--json", "--follow"], arguments: .ids), Command(name: "shadow", options: ["--json"]),
    Command(name: "tls-outcomes", options: ["--json"]),
    Command(name: "log", verbs: LogCommand.allCases.map(\.rawValue)),
    Command(name: "map", verbs: ["query", "list", "check", "build"], options: ["-q", "-s", "-h", "-b", "-m"], arguments: .files),
    Command(name: "plugins", options: ["--json"]), Command(name: "plugin", verbs: ["new", "check", "run"], arguments: .files),
    Command(name: "test", options: ["--json", "--dns", "--dns-record"], arguments: .files),
    Command(name: "reference", verbs: ["markdown", "sample", "man"]), Command(name: "completion", verbs: ["bash", "zsh"]),
    Command(name: "version"), Command(name: "help", arguments: .topics),
  ]

  private static let common = ["--config", "--data"]
  private static var names: String { commands.map(\.name).joined(separator: " ") }

  static func script(_ shell: String) -> String? {
    switch shell {
    case "bash": bash
    case "zsh": zsh
    default: nil
    }
  }

  /// Of what the running system knows: only asked for when somebody wants it.
  private static func words(_ arguments: Arguments) -> String {
    switch arguments {
    case .none, .files: ""
    case .ids: #"$(weir queue list --json 2>/dev/null | sed -n 's/^{"id": "\([^"]*\)".*/\1/p')"#
    case .settings: "$(weir config -d 2>/dev/null | sed 's/ *=.*//')"
    case .topics: names
    }
  }

  /// The lines of a `case`: a command's words.
  private static func cases(_ indent: String) -> String {
    commands.map { command in
      let first = command.verbs.isEmpty ? words(command.arguments) : command.verbs.joined(separator: " ")
      let later = command.verbs.isEmpty ? first : words(command.arguments)
      return
        "\(indent)\(command.name)) options=\"\((common + command.options).joined(separator: " "))\"; if [ $seen = 1 ]; then choices=\"\(first)\"; else choices=\"\(later)\"; fi ;;\n"
    }.joined()
  }

  private static var bash: String {
    """
    # bash completion for weir. Made by `weir completion bash`.
    _weir() {
      local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} command= seen=0 options= choices= word i
      COMPREPLY=()
      case $previous in
      --config | -c | --data | -o | --dns | --dns-record) return ;;
      --status) COMPREPLY=($(compgen -W "\(QueueFilter.states.joined(separator: " "))" -- "$current")); return ;;
      esac
      for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        case $word in
        -*) ;;
        *) if [ -z "$command" ]; then command=$word; fi; seen=$((seen + 1)) ;;
        esac
      done
      case $command in
      '') choices="\(names)"; options="\(common.joined(separator: " "))" ;;
    \(cases("  "))  esac
      if [[ $current == -* ]]; then choices=$options; fi
      COMPREPLY=($(compgen -W "$choices" -- "$current"))
    }
    complete -o default -F _weir weir

    """
  }

  private static var zsh: String {
    """
    #compdef weir
    # zsh completion for weir. Made by `weir completion zsh`.
    _weir() {
      local command= seen=0 options= choices= word i
      local current=${words[CURRENT]} previous=${words[CURRENT-1]}
      case $previous in
      (--config|-c|--data|-o|--dns|--dns-record) _files; return ;;
      (--status) compadd -- \(QueueFilter.states.joined(separator: " ")); return ;;
      esac
      for ((i = 2; i < CURRENT; i++)); do
        word=${words[i]}
        case $word in
        (-*) ;;
        (*) if [ -z "$command" ]; then command=$word; fi; seen=$((seen + 1)) ;;
        esac
      done
      case $command in
      ('') choices="\(names)"; options="\(common.joined(separator: " "))" ;;
    \(cases("  "))  esac
      if [[ $current == -* ]]; then choices=$options; fi
      if [ -n "$choices" ]; then compadd -- ${=choices}; else _files; fi
    }
    if [ "$funcstack[1]" = _weir ]; then _weir "$@"; else compdef _weir weir; fi

    """
  }
}

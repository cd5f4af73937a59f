// SPDX-License-Identifier: Apache-2.0
import Daemon
import Runtime

/// The command: reads its arguments and hands over to a subcommand.
@main struct Main {
  static func main() {
    let arguments = Array(CommandLine.arguments.dropFirst())
    if let program = ForeignProgram(calledAs: CommandLine.arguments.first ?? "") { Machine.exit(Launch.program(program, arguments)) }
    let status =
      switch Invocation.parse(arguments) {
      case .success(let invocation): invocation.perform()
      case .failure(let error): error.report()
      }
    Machine.exit(status)
  }
}

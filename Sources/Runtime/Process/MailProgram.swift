// SPDX-License-Identifier: Apache-2.0
import CLinux
import Glibc

/// A program that is given a message: nothing of ours but its standard input, output and error, in a process group of its own.
package struct MailProgram: Sendable {
  package var arguments: [String]
  /// `name=value`
  package var environment: [String]
  package var directory = ""
  package var root = ""
  /// Nil: as this process.
  package var identity: ChildProcess.Identity?

  package init(_ arguments: [String], environment: [String]) {
    self.arguments = arguments
    self.environment = environment
  }

  package enum End: Equatable, Sendable {
    case exited(Int32)
    case killed(signal: Int32)
    case timedOut
    case notStarted(String)
    /// The message could not be read to its end: the program was killed.
    case unreadable
  }

  package struct Result: Equatable, Sendable {
    package let end: End
    /// Of both, cut.
    package let output: [UInt8]

    package init(_ end: End, output: [UInt8] = []) {
      self.end = end
      self.output = output
    }
  }

  /// Blocks until the program has ended, or has been killed at `timeLimit` with all that it started. `feed` passes the message on, piece by piece, until
  /// that answers false; it answers whether it could.
  package func run(timeLimit: Duration, feed: ((UnsafeRawBufferPointer) -> Bool) -> Bool) -> Result {
    var input: [Int32] = [-1, -1]
    var output: [Int32] = [-1, -1]
    guard clinux_pipe(&input, 1) >= 0 else { return Result(.notStarted("pipe: \(SystemError.last("pipe"))")) }
    guard clinux_pipe(&output, 0) >= 0 else {
      for end in input { closeDescriptor(end) }
      return Result(.notStarted("pipe: \(SystemError.last("pipe"))"))
    }
    let pid = start(input[0], output[1])
    closeDescriptor(input[0])
    closeDescriptor(output[1])
    var talk = Talk(pid: pid, user: identity?.user, input: input[1], output: output[0], deadline: .now() + timeLimit)
    defer { talk.close() }
    guard pid > 0 else { return Result(.notStarted("execvp \(arguments.first ?? ""): \(String(cString: strerror(-pid)))")) }
    let isFed = feed { talk.write($0) }
    if !isFed, !talk.isCut { return Result(talk.kill(.unreadable), output: talk.said) }
    talk.closeInput()
    return Result(talk.end(), output: talk.said)
  }

  private func start(_ input: Int32, _ output: Int32) -> Int32 {
    let words = arguments.map { strdup($0) }
    let variables = environment.map { strdup($0) }
    defer { for string in words + variables { free(string) } }
    let folder = directory.isEmpty ? nil : strdup(directory)
    let base = root.isEmpty ? nil : strdup(root)
    defer {
      free(folder)
      free(base)
    }
    let groups = identity?.groups ?? []
    return groups.withUnsafeBufferPointer { groups in
      let who = clinux_identity(
        change: identity == nil ? 0 : 1, uid: identity?.user ?? 0, gid: identity?.group ?? 0, groups: groups.baseAddress, group_count: groups.count)
      return (words + [nil]).withUnsafeBufferPointer { argv in
        (variables + [nil]).withUnsafeBufferPointer { environment in
          var program = clinux_program(
            path: words.first ?? nil, argv: argv.baseAddress, environment: environment.baseAddress, directory: folder, root: base, identity: who,
            input: input, output: output)
          return clinux_start_program(&program)
        }
      }
    }
  }
}

/// What passes between us and a program that runs.
private struct Talk {
  let pid: Int32
  /// As whom it runs, if not as this process.
  let user: UInt32?
  var input: Int32
  let output: Int32
  let deadline: Instant
  private(set) var said: [UInt8] = []
  /// The program reads no more, or its time is over.
  private(set) var isCut = false
  private var isSilent = false

  /// As much of what it says is kept.
  private static let longestOutput = 4096

  init(pid: Int32, user: UInt32?, input: Int32, output: Int32, deadline: Instant) {
    self.pid = pid
    self.user = user
    self.input = input
    self.output = output
    self.deadline = deadline
  }

  mutating func write(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty, !isCut {
      let count = Glibc.write(input, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
      if count > 0 { rest = rest.dropFirst(count) }
      if count < 0, errno != EAGAIN, errno != EINTR { isCut = true }
      if count < 0, !isCut, !wait(forRoom: true) { isCut = true }
    }
    return !isCut
  }

  mutating func closeInput() {
    if input >= 0 { closeDescriptor(input) }
    input = -1
  }

  func close() {
    if input >= 0 { closeDescriptor(input) }
    closeDescriptor(output)
  }

  /// Waits until there is something to do; false when the time is over.
  private mutating func wait(forRoom: Bool) -> Bool {
    let left = deadline - .now()
    guard left > .zero else { return false }
    var watched = [
      pollfd(fd: isSilent ? -1 : output, events: Int16(POLLIN), revents: 0), pollfd(fd: forRoom ? input : -1, events: Int16(POLLOUT), revents: 0),
    ]
    _ = poll(&watched, 2, Int32(clamping: max(1, min(1000, left / .milliseconds(1)))))
    if watched[0].revents != 0 { hear() }
    return true
  }

  private mutating func hear() {
    var piece = [UInt8](repeating: 0, count: 4096)
    let count = read(output, &piece, piece.count)
    if count > 0 { said += piece.prefix(count).prefix(max(0, Self.longestOutput - said.count)) }
    if count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR) { isSilent = true }
  }

  /// How it ended.
  mutating func end() -> MailProgram.End {
    var status: Int32 = 0
    while clinux_has_ended(pid, &status) == 0 {
      guard Instant.now() < deadline else { return kill(.timedOut) }
      // What closes its output is about to end.
      if isSilent { Thread.sleep(.milliseconds(2)) } else { _ = wait(forRoom: false) }
    }
    hear()
    let signal = status & 0x7f
    return signal == 0 ? .exited((status >> 8) & 0xff) : .killed(signal: signal)
  }

  func kill(_ end: MailProgram.End) -> MailProgram.End {
    if let user {
      _ = clinux_kill_group_as(pid, user)
    } else {
      _ = clinux_kill(-pid, SIGKILL)
      _ = clinux_kill(pid, SIGKILL)
    }
    _ = clinux_wait_child(pid)
    return end
  }
}

extension Int32 {
  fileprivate init(clamping value: Double) { self = value >= 2e9 ? .max : value <= 0 ? 0 : Int32(value) }
}

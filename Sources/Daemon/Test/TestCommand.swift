// SPDX-License-Identifier: Apache-2.0
import Runtime

extension Launch {
  /// Of `weir test`: 0 all were accepted, 1 one was refused, 75 (EX_TEMPFAIL) none was refused and one deferred, 2 it could not be tried.
  private enum TestStatus {
    static let accepted: Int32 = 0
    static let refused: Int32 = 1
    static let error: Int32 = 2
    static let deferred: Int32 = 75
  }

  package static func test(_ options: Options, _ request: TestOptions) -> Int32 {
    do {
      guard let setup = load(options) else { return TestStatus.error }
      var run = TestRun(try TestBench(setup, request), request)
      let results = try run.play()
      try run.writeRecord()
      if run.hasFailed { return TestStatus.error }
      if results.contains(where: { $0.outcome == .refused }) { return TestStatus.refused }
      return results.contains { $0.outcome == .deferred } ? TestStatus.deferred : TestStatus.accepted
    } catch {
      Terminal.writeError("weir test: \(error)\n")
      return TestStatus.error
    }
  }
}

/// All messages of a command, one after the other.
private struct TestRun {
  private let bench: TestBench
  private let request: TestOptions
  private let files = TestFiles()
  private var bar = ProgressBar(total: 0)
  /// Something could not be tried, and the rest was.
  private(set) var hasFailed = false

  init(_ bench: TestBench, _ request: TestOptions) {
    self.bench = bench
    self.request = request
  }

  mutating func play() throws -> [TestResult] {
    let began = Instant.now()
    let (paths, empty) = try files.paths(request.paths)
    for folder in empty { complain("\(folder): there is no message in this folder") }
    var results: [TestResult] = []
    bar = ProgressBar(total: paths.count)
    for (index, path) in paths.enumerated() {
      do throws(TestFiles.Fault) {
        for (name, bytes) in try files.messages(path) { if let result = play(TestMail(name: name, bytes, request)) { results.append(result) } }
      } catch {
        complain("\(error)")
      }
      bar.show(index + 1)
    }
    bar.clear()
    let (seconds, attoseconds) = (Instant.now() - began).components
    tell(results, microseconds: seconds * 1_000_000 + attoseconds / 1_000_000_000_000)
    for question in bench.unanswered { Terminal.writeError("weir test: \(request.recordedNames ?? "") has no answer to \(question)\n") }
    return results
  }

  private mutating func play(_ mail: TestMail) -> TestResult? {
    if mail.recipients.isEmpty {
      complain("\(mail.name): \(mail.content.isEmpty ? "is empty" : "names no recipient; say who gets it with --to ADDRESS")")
      return nil
    }
    return bench.play(mail)
  }

  private mutating func complain(_ words: String) {
    bar.clear()
    Terminal.writeError("weir test: \(words)\n")
    hasFailed = true
  }

  private func tell(_ results: [TestResult], microseconds: Int64) {
    if request.isJSON { return Terminal.write(results.map { TestReport.json($0).line + "\n" }.joined()) }
    let report = TestReport(isColoured: Terminal.wantsColour(1))
    if results.count == 1 || request.isVerbose { Terminal.write(results.map(report.full).joined(separator: "\n")) }
    guard results.count > 1 else { return }
    Terminal.write((request.isVerbose ? "\n" : report.table(results) + "\n") + report.summary(results, microseconds: microseconds))
  }

  func writeRecord() throws {
    guard let path = request.namesRecord, let text = bench.namesRecord else { return }
    let disk = LinuxDisk()
    let file = try disk.open(path, at: nil, [.write, .create], mode: 0o644)
    defer { try? disk.close(file) }
    try disk.truncate(file, length: 0)
    try Array(text.utf8).withUnsafeBytes { try disk.write(file, [$0], offset: 0) }
  }
}

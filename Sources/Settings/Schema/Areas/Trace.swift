// SPDX-License-Identifier: Apache-2.0

extension Area {
  static let trace = Area(
    "Explanations", "What `weir explain` and `weir shadow` look up: who refused or changed a message, and why. See docs/explain.md.",
    [Keys.traceKeep, Keys.traceDirectory, Keys.traceSizeLimit, Keys.traceSubjects, Keys.traceAddresses, Keys.traceCodes])
}

extension Keys {
  package static let traceKeep = Key.duration(
    "trace_keep", "7d", seconds: 0...315_360_000, .weir, example: "30d", "How long it is kept what became of each message; 0 for not at all.")

  package static let traceDirectory = Key.path(
    "trace_directory", "$data_directory/trace", .weir, example: "/var/log/weir", "The folder in which that is kept, in a database of SQLite's.")

  package static let traceSizeLimit = Key.byteCount(
    "trace_size_limit", "256M", .weir, example: "2G", "How big that database may become: the oldest messages are forgotten first.")

  package static let traceSubjects = Key.boolean(
    "trace_subjects", true, .weir,
    "Whether subjects are kept, and what rules found in messages and stages changed in them. With `no` it is only kept which rule it was.")

  package static let traceAddresses = Key.boolean(
    "trace_addresses", true, .weir,
    "Whether addresses are kept whole. With `no` what stands before the @ is not, and messages cannot be looked up by sender or recipient.")

  package static let traceCodes = Key.boolean(
    "trace_codes", false, .weirAnywhere,
    "Whether each refusal ends in a name by which it can be looked up: `550 5.7.1 No lotteries, please [weir:7f3a2c]`.")
}

// SPDX-License-Identifier: Apache-2.0
import WeirPlugin

/// `sqlite:/path`: Postfix's sqlite_table(5).
package final class SQLiteTable: Table {
  package static let component = Component(
    table: "sqlite", help: "the rows of a database of SQLite, as Postfix's sqlite_table(5)", traits: .blocking,
    options: [
      .path("dbpath", help: "the file of the database"),
      .string("query", default: "", help: "the statement, with %s, %u, %d, %1 to %9 for the key and its parts"),
      .string("result_format", default: "%s", help: "what is made of each row"),
      .int("expansion_limit", default: "0", help: "more rows than that are a mistake; 0: no limit"),
      .string("domain", default: "", help: "the domains whose addresses are looked up; all, if there are none"),
      .string("select_field", default: "", help: "without query: the column that is the answer"),
      .string("table", default: "", help: "without query: the table"),
      .string("where_field", default: "", help: "without query: the column that is the key"),
      .string("additional_conditions", default: "", help: "without query: what else must hold, such as `and active = 1`"),
    ])

  private let query: Query
  private let format: Template
  private let needs: Needs
  private let expansionLimit: Int
  private let domains: DomainFilter?
  private let connections: Connections

  package init(host: Host, options: Options) throws {
    let settings = SQLSettings(options)
    do {
      query = try Query(try settings.statement)
      format = try Template(options.string("result_format"), option: "result_format")
      domains = try DomainFilter(options.string("domain"))
    } catch {
      throw Refusal(settings.blamed("\(error)"))
    }
    needs = Needs(query: query.placeholders, result: format.placeholders)
    expansionLimit = options.int("expansion_limit")
    guard expansionLimit >= 0 else { throw Refusal("expansion_limit: it is less than 0") }
    connections = Connections(options.string("dbpath"), query.sql)
    do {
      // What is wrong with the statement is wrong now.
      try connections.with { _ in }
    } catch let failure as Connection.Failure {
      throw Refusal(failure.kind == .database ? "dbpath: \(failure)" : settings.blamed("query: \(failure)"))
    }
  }

  package var takesParts: Bool { !needs.takesKeysApart }

  /// Where the host sets no limit.
  private static let patience = Duration.seconds(10)

  package func lookUp(_ key: BorrowedText, _ context: LookUp) throws -> Finding {
    let key = Array(key.bytes)
    guard !key.isEmpty, !key.contains(0), String(validating: key, as: UTF8.self) != nil, domains?.takes(key) ?? true,
      let subject = Subject(key, user: needs.keyUser, domain: needs.keyDomain, labels: needs.keyLabels)
    else { return .none }
    // The host gives up at its limit; before that, what was found out should be told.
    let budget = (context.budget ?? Self.patience) * 9 / 10
    let values = query.parameters.map { Self.value($0, subject) }
    var answer = Answer(format: format, needs: needs, key: subject, limit: expansionLimit)
    do {
      try connections.with { try $0.ask(values, milliseconds: max(1, Int(budget / .milliseconds(1)))) { try answer.add($0) } }
    } catch {
      context.log(.warning, "\(error)")
      return .tempfail
    }
    for warning in answer.warnings { context.log(.warning, warning) }
    return .bytes(answer.values)
  }

  private static func value(_ parameter: Query.Parameter, _ subject: Subject) -> Connection.Value {
    let text = parameter.template.filled { subject.part($0, of: subject) }
    // As in the text of a statement: digits alone are a number.
    if !parameter.isQuoted, text.count < 19, let number = Int64(String(decoding: text, as: UTF8.self)) { return .number(number) }
    return .text(text)
  }
}

extension Subject {
  /// What a placeholder stands for, in a text about this one; `key` is what was looked up.
  func part(_ placeholder: Placeholder, of key: Subject) -> [UInt8] {
    switch placeholder {
    case .whole: whole
    case .user: Array(user)
    case .domain: Array(domain ?? [])
    case .keyWhole: key.whole
    case .keyUser: Array(key.user)
    case .keyDomain: Array(key.domain ?? [])
    case .keyLabel(let number): key.label(number)
    }
  }
}

/// What the rows come to.
struct Answer {
  let format: Template
  let needs: Needs
  let key: Subject
  /// 0: none.
  let limit: Int
  private(set) var values: [[UInt8]] = []
  private(set) var warnings: [String] = []
  private var size = 0

  init(format: Template, needs: Needs, key: Subject, limit: Int) { (self.format, self.needs, self.key, self.limit) = (format, needs, key, limit) }

  struct Excess: Error, CustomStringConvertible { let description: String }

  /// Takes a row. Throws where there are too many of them to be an answer.
  mutating func add(_ row: [UInt8]) throws(Excess) {
    if row.isEmpty {
      if warnings.isEmpty { warnings.append("an empty value for \(name) was left out") }
      return
    }
    guard let value = Subject(row, user: needs.valueUser, domain: needs.valueDomain) else { return }
    let text = format.filled { value.part($0, of: key) }
    guard limit == 0 || values.count < limit else { throw Excess(description: "more than expansion_limit = \(limit) rows for \(name)") }
    size += text.count + 1
    guard size <= Connection.maximumAnswer else { throw Excess(description: "more than \(Connection.maximumAnswer) bytes for \(name)") }
    if !text.isEmpty { values.append(text) }
  }

  private var name: String { "`\(String(decoding: key.whole, as: UTF8.self))`" }
}

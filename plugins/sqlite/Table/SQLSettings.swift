// SPDX-License-Identifier: Apache-2.0
import WeirPlugin

/// The statement: `query`, or what Postfix had before there was one.
struct SQLSettings {
  private let query: String
  private let old: [(name: String, value: String)]

  init(_ options: Options) {
    self.init(
      query: options.string("query"), old: ["select_field", "table", "where_field", "additional_conditions"].map { ($0, options.string($0)) })
  }

  init(query: String, old: [(name: String, value: String)]) {
    self.query = query
    self.old = old
  }

  private func value(_ name: String) -> String { old.first { $0.name == name }?.value ?? "" }

  var statement: String {
    get throws(TemplateError) {
      if !query.isEmpty { return query }
      guard old.contains(where: { !$0.value.isEmpty }) else { throw TemplateError("query: there is none") }
      for name in ["select_field", "table", "where_field"] where value(name).isEmpty {
        throw TemplateError("\(name): it is not set, and query neither")
      }
      return "SELECT \(value("select_field")) FROM \(value("table")) WHERE \(value("where_field")) = '%s' \(value("additional_conditions"))"
    }
  }

  /// A reason that blames the query, blaming the option that it came from instead.
  func blamed(_ reason: String) -> String {
    guard query.isEmpty, reason.hasPrefix("query: "), old.contains(where: { !$0.value.isEmpty }) else { return reason }
    let what = String(reason.dropFirst("query: ".count))
    // `no such column: x`, `no such table: y`, `near "z": syntax error`
    let word = what.split(whereSeparator: { $0 == " " || $0 == "\"" || $0 == ":" }).map(String.init)
    let name =
      what.hasPrefix("no such table") ? "table" : old.first { option in word.contains(option.value) }?.name ?? "additional_conditions"
    return "\(value(name).isEmpty ? "table" : name): \(what)"
  }
}

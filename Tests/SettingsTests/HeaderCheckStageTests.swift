// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Testing

@testable import Settings

@Suite struct HeaderCheckStageTests {
  private func load(_ text: String) -> (stages: [StageBlock], said: [String]) {
    let files = MemoryFiles(["/a": "/^X:/ IGNORE\n", "/b": "/^Y:/ WARN\n", "/bad": "/^X:/ REJCT\n/^Y:/ FILTER x\n"])
    let result = Configuration.load(SourceText(name: "f", text: text), files: files, facts: HostFacts(hostName: "mail.example.com"))
    return (result.configuration?.stages ?? [], result.diagnostics.map { "\($0.location?.description ?? "") \($0.message)" })
  }

  private func told(_ stage: StageBlock?) -> [String] {
    stage?.options.map { "\($0.name.text)=\($0.value.text)" } ?? []
  }

  @Test func theSettingsMakeAStage() throws {
    let (stages, said) = load("header_checks = regexp:/a, lenient:pcre:/b\nnested_header_checks =\nstage lottery {\nplugin = lottery.so\n}\n")
    #expect(said == [])
    #expect(stages.map(\.name.text) == ["header_checks", "lottery"])
    #expect(stages.map(\.isImplied) == [true, false])
    #expect(stages.first?.plugin.text == "header_checks")
    #expect(
      told(stages.first) == [
        "header_checks=regexp:/a", "header_checks=lenient:pcre:/b", "mime_header_checks=regexp:/a", "mime_header_checks=lenient:pcre:/b",
        "nested_header_checks=", "header_size_limit=102400",
      ])
  }

  @Test func withoutTablesThereIsNone() {
    #expect(load("").stages.isEmpty)
    #expect(load("mime_header_checks = $header_checks\nheader_checks =\n").stages.isEmpty)
    #expect(load("mime_header_checks = regexp:/a\n").stages.count == 1)
  }

  @Test func aBlockGivesItItsPlace() {
    let text = """
      header_checks = regexp:/a
      stage lottery {
        plugin = lottery.so
      }
      stage header_checks {
        on_failure = continue
        mime_header_checks =
      }

      """
    let stages = load(text).stages
    #expect(stages.map(\.name.text) == ["lottery", "header_checks"])
    #expect(stages.last?.onFailure == .continue)
    #expect(
      told(stages.last) == ["mime_header_checks=", "header_checks=regexp:/a", "nested_header_checks=regexp:/a", "header_size_limit=102400"])
  }

  @Test func aPortMayGoWithout() {
    let text = """
      header_checks = regexp:/a
      listener smtp {
        port = 25
      }
      listener reentry {
        port = 10025
        receive_override_options = no_header_body_checks
      }

      """
    #expect(load(text).stages.first?.listeners == ["smtp"])
    #expect(load("header_checks = regexp:/a\nreceive_override_options = no_header_body_checks\n").stages.first?.listeners == [])
    #expect(load("header_checks = regexp:/a\n").stages.first?.listeners == nil)
  }

  @Test func rulesAreChecked() {
    #expect(
      load("header_checks = regexp:/bad").said == [
        "/bad:1:7 unknown action `REJCT`", "/bad:2:14 `x` is no `transport:destination`",
      ])
  }
}

// SPDX-License-Identifier: Apache-2.0
import Daemon
import Testing

@Suite struct DoctorReportTests {
  let report = DoctorReport(
    [
      Finding(.clock, .ok, "the clock is synchronised"),
      Finding(.ports, .problem, "port 25 is taken by `exim4`, which has a \"name\" and goes on and on until the line is too long", remedy: "stop it"),
      Finding(.ports, .note, "a\tb"),
    ], name: "weir.conf", host: "mx.example.org")

  @Test func forPeople() {
    #expect(
      report.text(isColored: false, width: 60) == """
        Weir on mx.example.org, by weir.conf

        Ports
          problem  port 25 is taken by `exim4`, which has a "name"
                   and goes on and on until the line is too long
                   -> stop it
          note     a\tb

        Clock
          ok       the clock is synchronised

        1 problem, 1 note, 1 ok

        """)
    #expect(report.exitStatus == 1)
  }

  @Test func inColour() {
    #expect(report.text(isColored: true).contains("\u{1b}[1;31mproblem\u{1b}[0m  port 25"))
  }

  @Test func withoutAProblem() {
    let sound = DoctorReport([Finding(.clock, .warning, "x")], name: "c", host: "h")
    #expect(sound.exitStatus == 0)
    #expect(sound.text(isColored: false).hasSuffix("\n0 problems, 1 warning\n"))
  }

  @Test func forPrograms() {
    #expect(
      report.json == """
        {
          "host": "mx.example.org",
          "configuration": "weir.conf",
          "findings": [
            {"area": "clock", "severity": "ok", "text": "the clock is synchronised"},
            {"area": "ports", "severity": "problem", "text": "port 25 is taken by `exim4`, which has a \\"name\\" and goes on and on until the line is too long", "remedy": "stop it"},
            {"area": "ports", "severity": "note", "text": "a\\u0009b"}
          ],
          "counts": {"ok": 1, "note": 1, "warning": 0, "problem": 1}
        }

        """)
  }
}

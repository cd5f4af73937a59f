// SPDX-License-Identifier: Apache-2.0
import Runtime
import SMTP
import Testing

@Suite struct SessionTimeTests {
  @Test func smtpdTimeoutOnBothSides() throws {
    let fixture = try SessionFixture { $0.smtpdTimeout = 300 }
    _ = fixture.stream.takeOutput()
    #expect(fixture.wait(.seconds(299)) == "")
    #expect(fixture.say("NOOP") == "250 2.0.0 Ok\r\n")
    #expect(fixture.wait(.seconds(299)) == "")
    #expect(fixture.wait(.seconds(1)) == "421 4.4.2 mx.example.com Error: timeout exceeded\r\n")
    #expect(fixture.stream.isClosed)
    #expect(fixture.loop.liveTasks == 0)
  }

  @Test func theTimeoutCountsInContentToo() throws {
    let fixture = try SessionFixture { $0.smtpdTimeout = 10 }
    _ = fixture.beginData(to: "b@example.com")
    fixture.say("line")
    #expect(fixture.wait(.seconds(9)) == "")
    fixture.say("line")
    #expect(fixture.wait(.seconds(9)) == "")
    #expect(fixture.wait(.seconds(1)).hasPrefix("421 4.4.2"))
    #expect(fixture.store.kept.isEmpty)
    #expect(fixture.store.memory.used == 0)
  }

  @Test func errorsAreSlowedDownAfterTheSoftLimit() throws {
    let fixture = try SessionFixture {
      $0.smtpdSoftErrorLimit = 2
      $0.smtpdErrorSleepTime = 5
    }
    _ = fixture.stream.takeOutput()
    #expect(fixture.say("XXXX1").hasPrefix("500 5.5.2"))
    #expect(fixture.say("XXXX2") == "")
    #expect(fixture.wait(.milliseconds(4999)) == "")
    #expect(fixture.wait(.milliseconds(1)).hasPrefix("500 5.5.2"))
  }

  @Test func tooManyErrorsEndTheSession() throws {
    let fixture = try SessionFixture {
      $0.smtpdSoftErrorLimit = 100
      $0.smtpdHardErrorLimit = 3
    }
    _ = fixture.stream.takeOutput()
    #expect(fixture.say("XXXX1").hasPrefix("500"))
    #expect(fixture.say("XXXX2").hasPrefix("500"))
    #expect(fixture.say("XXXX3").contains("421 4.7.0 mx.example.com Error: too many errors"))
    #expect(fixture.stream.isClosed)
  }

  @Test func aTrickledCommandHasOneDeadlineIfToldSo() throws {
    let fixture = try SessionFixture {
      $0.smtpdTimeout = 10
      $0.smtpdPerRequestDeadline = true
    }
    _ = fixture.stream.takeOutput()
    for byte in ["N", "O", "O"] {
      fixture.stream.send(byte)
      #expect(fixture.wait(.seconds(3)) == "")
    }
    #expect(fixture.wait(.seconds(1)).hasPrefix("421 4.4.2"))
  }

  @Test func withoutItATrickledCommandMayTakeItsTime() throws {
    let fixture = try SessionFixture { $0.smtpdTimeout = 10 }
    _ = fixture.stream.takeOutput()
    for byte in ["N", "O", "O", "P", "\r"] {
      fixture.stream.send(byte)
      #expect(fixture.wait(.seconds(9)) == "")
    }
    #expect(fixture.say("") == "250 2.0.0 Ok\r\n")
  }

  @Test func contentEarnsTimeAtTheMinimumRate() throws {
    let fixture = try SessionFixture {
      $0.smtpdTimeout = 10
      $0.smtpdPerRequestDeadline = true
      $0.smtpdMinDataRate = 100
    }
    _ = fixture.beginData(to: "b@example.com")
    for _ in 0..<10 {
      #expect(fixture.wait(.seconds(5)) == "")
      fixture.stream.send(String(repeating: "x", count: 498) + "\r\n")
    }
    #expect(fixture.wait(.seconds(5)) == "")
    fixture.stream.send("x")
    #expect(fixture.wait(.seconds(4)) == "")
    #expect(fixture.wait(.seconds(7)).hasPrefix("421 4.4.2"))
  }
}

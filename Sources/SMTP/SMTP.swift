// SPDX-License-Identifier: Apache-2.0
//
// SMTP, LMTP and nothing else: values and machines, no socket, no clock.
//
//   Replies/   Reply, EnhancedStatus, and the table of everything the server says
//   Paths/     mailboxes and paths: parsed once, written back in one way
//   Network/   addresses and networks of clients
//   Commands/  one file per verb: from a line to a value
//   Content/   what comes after 354 or BDAT: dots, line endings, sizes, a look at the header
//   Server/    ServerMachine: events in, one Action out; its configuration; the relay policy
//   LMTP/      the client machine that hands messages on
//
// A line is framed by Bytes.LineFramer, goes to `ServerMachine.lineReceived`, and the Action says what to perform.

// SPDX-License-Identifier: Apache-2.0
//
// SMTP, LMTP and nothing else: values and machines, no socket, no clock.
//
//   Replies/   Reply, EnhancedStatus, and the table of everything the server says
//   Paths/     mailboxes and paths: parsed once, written back in one way
//   Network/   lists of networks
//   Commands/  one file per verb: from a line to a value
//   Content/   what comes after 354 or BDAT: dots, line endings, sizes, a look at the header
//   Server/    ServerMachine: events in, one Action out; its configuration; the relay policy
//   Client/    ClientMachine: hands messages on over SMTP or LMTP
//
// A line is framed by Bytes.LineFramer, goes to `ServerMachine.lineReceived`, and the Action says what to perform.

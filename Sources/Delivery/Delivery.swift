// SPDX-License-Identifier: Apache-2.0

// Delivery: from the spool to where a message belongs.
//
//   UserDirectory     who has a mailbox here, and where: virtual users by table, system users by the system's database
//   LocalAgent        takes batches of ready messages, puts a copy into each mailbox and tells the spool; one thread
//   LuserRelay        who gets mail for unknown local users
//   MailboxService    the mailbox process: writes for system users under their own ids
//   MailboxClient     the mta's side of it, used by LocalAgent
//   DeliveryReport    what happened to one recipient, for the log
//
//   Scheduler         takes what is not for mailboxes alone, and runs a transport for each next hop when its turn comes; on a loop of its own
//   TransportTable    the transports by name
//   Router            where a recipient's mail goes: transport and next hop
//   Transport         hands a message on for recipients with one next hop; each is a folder of Transports/
//   SenderReports     tells the sender of failures, delays and successes
//   ReportPlan        decides who is told of what
//   SenderReporter    queues the reports as messages

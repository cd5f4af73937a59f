// SPDX-License-Identifier: Apache-2.0

// Message: the header of a message, as bytes.
//
//   HeaderBlock       finds the fields in one pass (memchr), without copying them
//   ArrivalHeaders    what is put before content when it arrives: Received, and fields that a local client left out
//   DeliveryHeaders   what is put before content when it goes into a mailbox: Return-Path, X-Original-To, Delivered-To
//   DateTime          RFC 5322 §3.3 date-time, with the time zone given as a value
//
// Content inside Weir has lines that end in LF. All of this is pure and takes any bytes: there is no input that it refuses.

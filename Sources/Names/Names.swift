// SPDX-License-Identifier: Apache-2.0
//
// Questions to the Domain Name System and what answers them, as values.
//
// Who has a question holds a `NameService`. Runtime has the services that ask for real; tests script theirs. So whatever depends on names (restrictions,
// SPF, the way of a message to the world) is decided without a socket.

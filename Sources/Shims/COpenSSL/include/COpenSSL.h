/* SPDX-License-Identifier: Apache-2.0 */
/* OpenSSL 3 for Swift: the library's headers, and functions for those of its macros that Swift cannot import. */
#ifndef WEIR_COPENSSL_H
#define WEIR_COPENSSL_H

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

/* RFC 8446 §5.5 needs a new key after 2^24 records: no honest peer comes near this. Beyond it reads fail with EBADF. */
enum { COPENSSL_MAX_KEY_UPDATES = 1000 };

/* Contexts with the modes and options that every session of Weir has; NULL when out of memory. */
SSL_CTX *copenssl_server_context(void);
SSL_CTX *copenssl_client_context(void);

/* Protocol versions are TLS1_2_VERSION and so on; 0 leaves an end open. Return 1 on success. */
int copenssl_set_protocol_range(SSL_CTX *context, int minimum, int maximum);
/* Forbids one version within the range. */
void copenssl_exclude_protocol(SSL_CTX *context, int version);
/* Lets the server's order of ciphers win over the client's. */
void copenssl_prefer_server_ciphers(SSL_CTX *context);
/* Stateless session tickets valid for so many seconds; 0 forbids resumption. */
void copenssl_set_ticket_lifetime(SSL_CTX *context, long seconds);

typedef int (*copenssl_servername_callback)(SSL *session, int *alert, void *argument);
void copenssl_set_servername_callback(SSL_CTX *context, copenssl_servername_callback callback, void *argument);
/* The name to send as SNI. Returns 1 on success. */
int copenssl_set_server_name(SSL *session, const char *name);

/* The peer's ephemeral key, to be freed by the caller, or NULL. */
EVP_PKEY *copenssl_peer_temporary_key(SSL *session);
/* NID of the digest that the own side or the peer signed with, or 0. */
int copenssl_own_signature_digest(SSL *session);
int copenssl_peer_signature_digest(SSL *session);

/* Password callback that has none, so that an encrypted key is an error and not a question on the terminal. */
int copenssl_no_password(char *buffer, int size, int writing, void *argument);

STACK_OF(X509) *copenssl_new_chain(void);
/* Takes over the certificate. Returns 1 on success. */
int copenssl_chain_append(STACK_OF(X509) *chain, X509 *certificate);
void copenssl_free_chain(STACK_OF(X509) *chain);
/* Number of subject alternative names. */
int copenssl_alternative_name_count(X509 *certificate);
void copenssl_free(void *memory);

#endif

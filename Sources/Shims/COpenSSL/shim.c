/* SPDX-License-Identifier: Apache-2.0 */
#include "COpenSSL.h"

#include <stddef.h>
#include <stdint.h>

/* Before any other call: without this OpenSSL frees its tables in exit(), under the hands of threads that still use them. */
__attribute__((constructor)) static void keep_tables(void) { OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL); }

/* OpenSSL follows key updates for as long as they come in, within one SSL_read: that would keep a loop from all its other sessions.
   The callback cannot fail, so it takes the socket away from the reading side. */
static void limit_key_updates(int sent, int version, int type, const void *bytes, size_t length, SSL *session, void *argument) {
  (void)version, (void)argument;
  if (sent || type != SSL3_RT_HANDSHAKE || length == 0 || *(const uint8_t *)bytes != SSL3_MT_KEY_UPDATE) return;
  uintptr_t count = (uintptr_t)SSL_get_app_data(session) + 1;
  SSL_set_app_data(session, (void *)count);
  if (count > COPENSSL_MAX_KEY_UPDATES) SSL_set_rfd(session, -1);
}

/* Small idle sessions: buffers go back when empty. Reading ahead saves a system call per record. */
static SSL_CTX *configured(SSL_CTX *context) {
  if (!context) return NULL;
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_msg_callback(context, limit_key_updates);
  return context;
}

SSL_CTX *copenssl_server_context(void) {
  SSL_CTX *context = configured(SSL_CTX_new(TLS_server_method()));
  if (context) SSL_CTX_set_dh_auto(context, 1);
  return context;
}

SSL_CTX *copenssl_client_context(void) {
  SSL_CTX *context = configured(SSL_CTX_new(TLS_client_method()));
  if (context) SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  return context;
}

int copenssl_set_protocol_range(SSL_CTX *context, int minimum, int maximum) {
  return SSL_CTX_set_min_proto_version(context, minimum) == 1 && SSL_CTX_set_max_proto_version(context, maximum) == 1;
}

void copenssl_exclude_protocol(SSL_CTX *context, int version) {
  switch (version) {
    case SSL3_VERSION: SSL_CTX_set_options(context, SSL_OP_NO_SSLv3); break;
    case TLS1_VERSION: SSL_CTX_set_options(context, SSL_OP_NO_TLSv1); break;
    case TLS1_1_VERSION: SSL_CTX_set_options(context, SSL_OP_NO_TLSv1_1); break;
    case TLS1_2_VERSION: SSL_CTX_set_options(context, SSL_OP_NO_TLSv1_2); break;
    case TLS1_3_VERSION: SSL_CTX_set_options(context, SSL_OP_NO_TLSv1_3); break;
    default: break;
  }
}

void copenssl_prefer_server_ciphers(SSL_CTX *context) { SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE); }

void copenssl_set_ticket_lifetime(SSL_CTX *context, long seconds) {
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  if (seconds > 0) {
    SSL_CTX_set_timeout(context, seconds);
    SSL_CTX_set_num_tickets(context, 1);
  } else {
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
    SSL_CTX_set_num_tickets(context, 0);
  }
}

void copenssl_set_servername_callback(SSL_CTX *context, copenssl_servername_callback callback, void *argument) {
  SSL_CTX_set_tlsext_servername_callback(context, callback);
  SSL_CTX_set_tlsext_servername_arg(context, argument);
}

int copenssl_set_server_name(SSL *session, const char *name) { return SSL_set_tlsext_host_name(session, name) == 1; }

EVP_PKEY *copenssl_peer_temporary_key(SSL *session) {
  EVP_PKEY *key = NULL;
  return SSL_get_peer_tmp_key(session, &key) ? key : NULL;
}

int copenssl_own_signature_digest(SSL *session) {
  int nid = 0;
  return SSL_get_signature_nid(session, &nid) ? nid : 0;
}

int copenssl_peer_signature_digest(SSL *session) {
  int nid = 0;
  return SSL_get_peer_signature_nid(session, &nid) ? nid : 0;
}

int copenssl_no_password(char *buffer, int size, int writing, void *argument) {
  (void)buffer, (void)size, (void)writing, (void)argument;
  return -1;
}

STACK_OF(X509) *copenssl_new_chain(void) { return sk_X509_new_null(); }

int copenssl_chain_append(STACK_OF(X509) *chain, X509 *certificate) { return sk_X509_push(chain, certificate) > 0; }

void copenssl_free_chain(STACK_OF(X509) *chain) { sk_X509_pop_free(chain, X509_free); }

int copenssl_alternative_name_count(X509 *certificate) {
  GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
  int count = names ? sk_GENERAL_NAME_num(names) : 0;
  GENERAL_NAMES_free(names);
  return count;
}

void copenssl_free(void *memory) { OPENSSL_free(memory); }

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_COPENSSL_H
#define WEIR_COPENSSL_H

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#endif

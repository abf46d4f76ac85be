#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

/* Stacks are reached by macros, and the choice of a GENERAL_NAME lies in a union behind pointers: neither imports. */

static inline int copenssl_name_count(const GENERAL_NAMES *names) {
    return sk_GENERAL_NAME_num(names);
}

/* The type (GEN_DNS, GEN_IPADD …) of a name, and the octets of those types that are one string; else a length of 0. */
static inline int copenssl_name_octets(const GENERAL_NAMES *names, int index, const unsigned char **octets, int *length) {
    const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, index);
    const ASN1_STRING *string = NULL;
    if (name->type == GEN_DNS || name->type == GEN_EMAIL || name->type == GEN_URI) string = name->d.ia5;
    if (name->type == GEN_IPADD) string = name->d.iPAddress;
    *octets = string == NULL ? NULL : ASN1_STRING_get0_data(string);
    *length = string == NULL ? 0 : ASN1_STRING_length(string);
    return name->type;
}

/* X509_get_ext_d2i returns void *, whose type only the caller knows. */
static inline GENERAL_NAMES *copenssl_alternative_names(const X509 *certificate) {
    return (GENERAL_NAMES *)X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
}

/* BIO_get_mem_data is a macro. */
static inline long copenssl_memory_contents(BIO *bio, char **start) {
    return BIO_get_mem_data(bio, start);
}

/* XN_FLAG_RFC2253 with UTF-8 left readable; a macro made of an expression. */
static const unsigned long copenssl_name_flags = XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB;

/* EVP_CTRL_AEAD_GET_TAG and EVP_CTRL_AEAD_SET_TAG through a void pointer; a tag that is set is only read. */
static inline int copenssl_get_tag(EVP_CIPHER_CTX *context, int octets, void *tag) {
    return EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, octets, tag);
}

static inline int copenssl_set_tag(EVP_CIPHER_CTX *context, int octets, const void *tag) {
    return EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, octets, (void *)tag);
}

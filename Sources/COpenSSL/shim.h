/* First: the others declare how they are read and written as PEM only where it is known. */
#include <openssl/pem.h>

#include <openssl/cms.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
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

/* An empty CMS message for one certificate (RFC 5083, AES-256-GCM): the stack of recipients is made by macros, and what a key is wrapped with is set by a
   macro of RSA alone, where OAEP takes the place of the older padding. NULL where the certificate's key can't serve. */
static inline CMS_ContentInfo *copenssl_cms_for(X509 *certificate) {
    CMS_ContentInfo *message = CMS_encrypt(NULL, NULL, EVP_aes_256_gcm(), CMS_BINARY | CMS_PARTIAL | CMS_STREAM);
    CMS_RecipientInfo *recipient;
    EVP_PKEY_CTX *context;
    if (message == NULL) return NULL;
    recipient = CMS_add1_recipient_cert(message, certificate, CMS_BINARY | CMS_KEY_PARAM);
    if (recipient == NULL) goto failed;
    if (EVP_PKEY_get_base_id(X509_get0_pubkey(certificate)) == EVP_PKEY_RSA) {
        context = CMS_RecipientInfo_get0_pkey_ctx(recipient);
        if (context == NULL || EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) <= 0) goto failed;
    }
    return message;
failed:
    CMS_ContentInfo_free(message);
    return NULL;
}

/* OPENSSL_free is a macro. */
static inline void copenssl_free(void *memory) {
    OPENSSL_free(memory);
}

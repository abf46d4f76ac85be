#ifndef SYNCLINE_CLDAP_SHIM_H
#define SYNCLINE_CLDAP_SHIM_H

/* ldap.h only forward-declares struct timeval: without this, every time-out imports as an opaque pointer. */
#include <sys/eventfd.h>
#include <sys/time.h>
#include <ldap.h>

/* The message types are macros with a cast, which the importer drops. */
static const int cldap_res_bind = (int)LDAP_RES_BIND;
static const int cldap_res_search_entry = (int)LDAP_RES_SEARCH_ENTRY;
static const int cldap_res_search_reference = (int)LDAP_RES_SEARCH_REFERENCE;
static const int cldap_res_search_result = (int)LDAP_RES_SEARCH_RESULT;
static const int cldap_res_extended = (int)LDAP_RES_EXTENDED;
static const int cldap_res_intermediate = (int)LDAP_RES_INTERMEDIATE;

/* A macro with arguments and casts; not imported. */
static const int cldap_tls_1_2 = LDAP_OPT_X_TLS_PROTOCOL_TLS1_2;
static const int cldap_tls_1_3 = LDAP_OPT_X_TLS_PROTOCOL_TLS1_3;

/* LDAP_DEBUG_TRACE, which no public header has. */
static const int cldap_debug_trace = 0x0001;

/* LDAP_OPT_OFF is a null pointer behind a cast; the macro isn't imported. */
static inline int cldap_set_option_off(LDAP *ld, int option) {
    return ldap_set_option(ld, option, LDAP_OPT_OFF);
}

/* LDAP_SASL_SIMPLE is a null char pointer behind a cast; the macro isn't imported. */
static inline int cldap_simple_bind(LDAP *ld, const char *dn, struct berval *password, int *message_id) {
    return ldap_sasl_bind(ld, dn, LDAP_SASL_SIMPLE, password, NULL, NULL, message_id);
}

/* ldap_memfree, ber_bvfree and friends take void pointers of different spellings; values of attributes come
   as one block each, which the array of them doesn't own when read by ldap_get_attribute_ber. */
static inline void cldap_free_value_array(struct berval *values) {
    ber_memfree(values);
}

/* Swift's Glibc module leaves out sys/eventfd.h. A connection's thread waits for its socket and for this. */
static inline int cldap_eventfd(void) {
    return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

#endif

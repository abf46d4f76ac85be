#include <sys/time.h>
#include <ldap.h>

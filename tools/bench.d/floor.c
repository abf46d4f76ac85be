/* What the two servers can do for the barest client there is: the floors that tools/bench sets the product against, and the eyes
 * with which it sees what the product has done.
 *
 *   floor read ad|ldap|both                   paged reads
 *   floor units ad|ldap                       adds this side's units to the other
 *   floor copy ad|ldap                        paged read of this side's people, pipelined adds to the other at once, no state
 *   floor modify ad|ldap|both|split P N M     pipelined: title becomes "P-number" for the people N to N + M - 1; split: AD's are N to
 *                                             N + M - 1, the other's the M after them
 *   floor single ad|ldap N bare|watch         N modifies at this side, one at a time, until each is readable at the other; bare:
 *                                             a feed and a write of our own bring it there; watch: somebody else does
 *   floor await ad|ldap FILTER N Q T          until N entries match and nothing was written for Q seconds, at most T seconds
 *   floor count ad|ldap FILTER                matching entries
 *
 * Groups. FILTER may be `members`: then values of member are counted, and not entries.
 *
 *   floor copy-groups ad|ldap                 reads both sides' people and this side's groups, adds the groups to the other and their members,
 *                                             100 a modify
 *   floor team NAME N                         a group on both sides whose members are the people 0 to N - 1
 *   floor member ad|ldap NAME FIRST N bare|watch
 *                                             N times somebody, from number FIRST on, joins or leaves the group at this side; until it shows at the other
 *   floor members ad|ldap|both|split add|delete GROUPS SIZE N
 *                                             pipelined: N memberships of the sample groups that nobody has yet come or go; split: half at each side
 *   floor rename ad|ldap OLD NEW bare|watch   the unit below the people's base gets another name; bare: by our own modDN at the other side, too
 *
 * The servers are those of the environment, as lab.env has them. One line of JSON on standard output. */
#define _GNU_SOURCE
#define LDAP_DEPRECATED 0
#include <lber.h>
#include <ldap.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

enum side { AD, LDAP_SIDE };

static const char *const side_name[] = {"ad", "ldap"};

/* The attributes of a person, by their names on both sides. */
static const char *const mapped[][2] = {
    {"sAMAccountName", "uid"}, {"cn", "cn"}, {"sn", "sn"}, {"givenName", "givenName"}, {"displayName", "displayName"},
    {"mail", "mail"}, {"telephoneNumber", "telephoneNumber"}, {"title", "title"}, {"department", "departmentNumber"}, {"l", "l"},
    {"postalCode", "postalCode"}, {"employeeNumber", "employeeNumber"}, {"description", "description"},
};
enum { MAPPED = sizeof mapped / sizeof mapped[0] };

static const char *const people_filter[] = {"(objectClass=user)", "(objectClass=inetOrgPerson)"};

static void fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fputs("floor: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(1);
}

static const char *setting(const char *name) {
    const char *value = getenv(name);
    if (!value || !*value) fail("%s is not set", name);
    return value;
}

static int number_setting(const char *name, int fallback) {
    const char *value = getenv(name);
    return value && *value ? atoi(value) : fallback;
}

/* Wall-clock seconds, so that other processes' times compare. */
static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void pause_for(double seconds) {
    struct timespec time = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    nanosleep(&time, NULL);
}

static void *allocate(size_t size) {
    void *memory = calloc(1, size);
    if (!memory) fail("no memory");
    return memory;
}

static char *format_string(const char *format, ...) {
    char *text;
    va_list arguments;
    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0) fail("no memory");
    va_end(arguments);
    return text;
}

static const char *people_base(enum side side) { return setting(side == AD ? "AD_PEOPLE_BASE" : "LDAP_PEOPLE_BASE"); }

static void check(LDAP *handle, int code, const char *what) {
    if (code == LDAP_SUCCESS) return;
    char *message = NULL;
    ldap_get_option(handle, LDAP_OPT_DIAGNOSTIC_MESSAGE, &message);
    fail("%s: %s (%d) %s", what, ldap_err2string(code), code, message ? message : "");
}

static LDAP *open_side(enum side side) {
    LDAP *handle;
    int version = LDAP_VERSION3, demand = LDAP_OPT_X_TLS_DEMAND, oldest = LDAP_OPT_X_TLS_PROTOCOL_TLS1_2, client = 0;
    check(NULL, ldap_initialize(&handle, setting(side == AD ? "AD_URI" : "LDAPS_URI")), "initialize");
    ldap_set_option(handle, LDAP_OPT_PROTOCOL_VERSION, &version);
    ldap_set_option(handle, LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
    ldap_set_option(handle, LDAP_OPT_X_TLS_CACERTFILE, setting("CA_FILE"));
    ldap_set_option(handle, LDAP_OPT_X_TLS_REQUIRE_CERT, &demand);
    ldap_set_option(handle, LDAP_OPT_X_TLS_PROTOCOL_MIN, &oldest);
    ldap_set_option(handle, LDAP_OPT_X_TLS_NEWCTX, &client);
    char password[256] = "";
    /* AS_ADMIN: as somebody else than the product, which knows its own writes. */
    bool is_admin = getenv("AS_ADMIN") != NULL;
    const char *own = setting(side == AD ? "AD_SYNC_PASSWORD_FILE" : "LDAP_SYNC_PASSWORD_FILE");
    const char *path = is_admin ? setting(side == AD ? "AD_ADMIN_PASSWORD_FILE" : "LDAP_ADMIN_PASSWORD_FILE") : own;
    FILE *file = fopen(path, "r");
    if (!file || !fgets(password, sizeof password, file)) fail("no password in %s", path);
    fclose(file);
    password[strcspn(password, "\r\n")] = 0;
    struct berval credentials = {strlen(password), password};
    const char *name = setting(side == AD ? "AD_SYNC_DN" : "LDAP_SYNC_DN");
    if (is_admin) name = setting(side == AD ? "AD_ADMIN_DN" : "LDAP_ADMIN_DN");
    check(handle, ldap_sasl_bind_s(handle, name, LDAP_SASL_SIMPLE, &credentials, NULL, NULL, NULL), "bind");
    return handle;
}

/* Waits for the next message of any request, or of one; NULL after the time-out. */
static LDAPMessage *next_message(LDAP *handle, int request, double timeout) {
    struct timeval limit = {(time_t)timeout, (suseconds_t)((timeout - (double)(time_t)timeout) * 1e6)};
    LDAPMessage *message = NULL;
    int type = ldap_result(handle, request, LDAP_MSG_ONE, timeout < 0 ? NULL : &limit, &message);
    if (type < 0) fail("the connection is lost");
    return type == 0 ? NULL : message;
}

static int result_code(LDAP *handle, LDAPMessage *message, char **diagnostic, LDAPControl ***controls) {
    int code;
    check(handle, ldap_parse_result(handle, message, &code, NULL, diagnostic, NULL, controls, 1), "parse");
    return code;
}

/* Reads in pages of 1000. `each` gets every entry. */
static long paged_read(
    LDAP *handle, const char *base, const char *filter, char **attributes, void (*each)(LDAP *, LDAPMessage *, void *), void *context
) {
    struct berval *cookie = NULL;
    long count = 0;
    do {
        LDAPControl *page, *controls[2] = {NULL, NULL};
        check(handle, ldap_create_page_control(handle, 1000, cookie, 1, &page), "page control");
        controls[0] = page;
        int request;
        int code = ldap_search_ext(handle, base, LDAP_SCOPE_SUBTREE, filter, attributes, 0, controls, NULL, NULL, 0, &request);
        check(handle, code, "search");
        ldap_control_free(page);
        if (cookie) ber_bvfree(cookie);
        cookie = NULL;
        for (;;) {
            LDAPMessage *message = next_message(handle, request, -1);
            int type = ldap_msgtype(message);
            if (type == LDAP_RES_SEARCH_ENTRY) {
                count++;
                if (each) each(handle, message, context);
            } else if (type == LDAP_RES_SEARCH_RESULT) {
                LDAPControl **answered = NULL;
                check(handle, result_code(handle, message, NULL, &answered), "search");
                LDAPControl *found = ldap_control_find(LDAP_CONTROL_PAGEDRESULTS, answered, NULL);
                int estimate;
                struct berval value = {0, NULL};
                if (found && ldap_parse_pageresponse_control(handle, found, &estimate, &value) == LDAP_SUCCESS && value.bv_len)
                    cookie = ber_bvdup(&value);
                if (value.bv_val) ber_memfree(value.bv_val);
                ldap_controls_free(answered);
                break;
            }
            ldap_msgfree(message);
        }
    } while (cookie);
    return count;
}

/* The one value of a base search; NULL where there is none. */
static char *read_value(LDAP *handle, const char *dn, const char *attribute) {
    char *attributes[] = {(char *)attribute, NULL}, *text = NULL;
    LDAPMessage *answer = NULL;
    int code = ldap_search_ext_s(handle, dn, LDAP_SCOPE_BASE, "(objectClass=*)", attributes, 0, NULL, NULL, NULL, 0, &answer);
    check(handle, code, dn);
    LDAPMessage *entry = ldap_first_entry(handle, answer);
    struct berval **values = entry ? ldap_get_values_len(handle, entry, attribute) : NULL;
    if (values) {
        size_t size = 1;
        for (int index = 0; values[index]; index++) size += values[index]->bv_len + 1;
        text = allocate(size);
        for (int index = 0; values[index]; index++) {
            if (index) strcat(text, " ");
            strncat(text, values[index]->bv_val, values[index]->bv_len);
        }
        ldap_value_free_len(values);
    }
    ldap_msgfree(answer);
    return text;
}

/* ---- Adds and modifies, a window of them in flight ---- */

struct write {
    struct write *next;
    char *dn;
    LDAPMod *changes[MAPPED + 4];
    LDAPMod storage[MAPPED + 4];
    struct berval *values[MAPPED + 4][2];
    struct berval octets[MAPPED + 4];
    int count;
    bool is_add;
    /* Values of one attribute more; their octets belong to somebody who stays. */
    struct berval *shared_octets, **shared;
};

static void put_shared(struct write *write, int operation, const char *name, char *const *texts, int count) {
    int at = write->count++;
    write->shared_octets = allocate(sizeof(struct berval) * (size_t)count);
    write->shared = allocate(sizeof(struct berval *) * (size_t)(count + 1));
    for (int index = 0; index < count; index++) {
        write->shared_octets[index] = (struct berval){strlen(texts[index]), texts[index]};
        write->shared[index] = &write->shared_octets[index];
    }
    write->storage[at] = (LDAPMod){operation | LDAP_MOD_BVALUES, (char *)name, {.modv_bvals = write->shared}};
    write->changes[at] = &write->storage[at];
}

static void put(struct write *write, int operation, const char *name, const char *octets, size_t size) {
    int at = write->count++;
    char *copy = allocate(size + 1);
    memcpy(copy, octets, size);
    write->octets[at] = (struct berval){size, copy};
    write->values[at][0] = &write->octets[at];
    write->storage[at] = (LDAPMod){operation | LDAP_MOD_BVALUES, (char *)name, {.modv_bvals = write->values[at]}};
    write->changes[at] = &write->storage[at];
}

static void free_write(struct write *write) {
    for (int index = 0; index < write->count; index++) free(write->octets[index].bv_val);
    free(write->shared_octets);
    free(write->shared);
    free(write->dn);
    free(write);
}

struct queue {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct write *first, **last;
    size_t length, most;
    bool is_closed;
    enum side side;
    int window;
    atomic_long done, refused;
};

static void queue_init(struct queue *queue, enum side side) {
    *queue = (struct queue){.side = side, .most = 4000};
    pthread_mutex_init(&queue->lock, NULL);
    pthread_cond_init(&queue->changed, NULL);
    queue->last = &queue->first;
}

static void enqueue(struct queue *queue, struct write *write) {
    pthread_mutex_lock(&queue->lock);
    while (queue->length > queue->most) pthread_cond_wait(&queue->changed, &queue->lock);
    *queue->last = write;
    queue->last = &write->next;
    queue->length++;
    pthread_cond_broadcast(&queue->changed);
    pthread_mutex_unlock(&queue->lock);
}

static void close_queue(struct queue *queue) {
    pthread_mutex_lock(&queue->lock);
    queue->is_closed = true;
    pthread_cond_broadcast(&queue->changed);
    pthread_mutex_unlock(&queue->lock);
}

/* The next write; NULL if there is none now, or none any more. */
static struct write *dequeue(struct queue *queue, bool waits, bool *is_over) {
    pthread_mutex_lock(&queue->lock);
    while (waits && !queue->first && !queue->is_closed) pthread_cond_wait(&queue->changed, &queue->lock);
    struct write *write = queue->first;
    if (write) {
        queue->first = write->next;
        if (!queue->first) queue->last = &queue->first;
        if (queue->length-- == queue->most / 2) pthread_cond_broadcast(&queue->changed);
    }
    *is_over = !write && queue->is_closed;
    pthread_mutex_unlock(&queue->lock);
    return write;
}

static void *write_all(void *argument) {
    struct queue *queue = argument;
    LDAP *handle = open_side(queue->side);
    int in_flight = 0;
    bool is_over = false;
    while (!is_over || in_flight) {
        while (in_flight < queue->window && !is_over) {
            struct write *write = dequeue(queue, in_flight == 0, &is_over);
            if (!write) break;
            int request, code;
            if (write->is_add) code = ldap_add_ext(handle, write->dn, write->changes, NULL, NULL, &request);
            else code = ldap_modify_ext(handle, write->dn, write->changes, NULL, NULL, &request);
            check(handle, code, "send");
            free_write(write);
            in_flight++;
        }
        if (!in_flight) continue;
        LDAPMessage *message = next_message(handle, LDAP_RES_ANY, -1);
        char *diagnostic = NULL;
        int code = result_code(handle, message, &diagnostic, NULL);
        if (code != LDAP_SUCCESS && queue->refused++ == 0)
            fprintf(stderr, "floor: %s refused: %s (%d) %s\n", side_name[queue->side], ldap_err2string(code), code, diagnostic);
        ldap_memfree(diagnostic);
        queue->done++;
        in_flight--;
    }
    ldap_unbind_ext(handle, NULL, NULL);
    return NULL;
}

/* As many connections as the product's writers have. */
enum { MOST_CONNECTIONS = 2 };

static int start_writers(struct queue *queue, pthread_t threads[MOST_CONNECTIONS], bool in_order) {
    int connections = queue->side == AD && !in_order ? 2 : 1;
    queue->window = number_setting("IN_FLIGHT", 16) / connections;
    if (queue->window < 1 || in_order) queue->window = 1;
    for (int index = 0; index < connections; index++) pthread_create(&threads[index], NULL, write_all, queue);
    return connections;
}

/* ---- The copier ---- */

struct copy {
    enum side source;
    /* Of units: how many containers below the base, so that parents come first. */
    int depth;
    struct queue queue;
};

enum { MOST_DEPTH = 4 };

/* The first RDN's end in a DN: the comma that no backslash precedes. */
static const char *after_rdn(const char *dn) {
    for (; *dn; dn++) {
        if (*dn == '\\' && dn[1]) dn++;
        else if (*dn == ',') return dn + 1;
    }
    return dn;
}

static void escape(const char *value, size_t size, char *escaped) {
    for (size_t index = 0; index < size; index++) {
        if (strchr(",+\"\\<>;=#", value[index])) *escaped++ = '\\';
        *escaped++ = value[index];
    }
    *escaped = 0;
}

/* Where an entry of the source stands at the target: the same units, another base. */
static char *target_dn(const char *rdn, const char *dn, enum side source) {
    const char *parent = after_rdn(dn);
    size_t units = strlen(parent) - strlen(people_base(source));
    return format_string("%s,%.*s%s", rdn, (int)units, parent, people_base(!source));
}

/* RFC 4511 leaves no way to an enabled account in AD but with its password, so that the product has to set one as well. */
static void put_password(struct write *write) {
    static const char alphabet[] = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    char text[28] = "\"Aa1-", wide[sizeof text * 2];
    for (size_t index = 5; index < 26; index++) text[index] = alphabet[(size_t)random() % (sizeof alphabet - 1)];
    text[26] = '"';
    for (size_t index = 0; index < 27; index++) wide[index * 2] = text[index], wide[index * 2 + 1] = 0;
    put(write, LDAP_MOD_ADD, "unicodePwd", wide, 27 * 2);
}

static void copy_person(LDAP *handle, LDAPMessage *message, void *context) {
    struct copy *copy = context;
    enum side target = !copy->source;
    struct write *write = allocate(sizeof *write);
    write->is_add = true;
    const char *kind = target == AD ? "user" : "inetOrgPerson";
    put(write, LDAP_MOD_ADD, "objectClass", kind, strlen(kind));
    char *rdn = NULL;
    for (int index = 0; index < MAPPED; index++) {
        struct berval **values = ldap_get_values_len(handle, message, mapped[index][copy->source]);
        if (!values) continue;
        const char *name = mapped[index][target];
        if (!strcmp(name, target == AD ? "cn" : "uid")) {
            char *escaped = allocate(values[0]->bv_len * 2 + 1);
            escape(values[0]->bv_val, values[0]->bv_len, escaped);
            rdn = format_string("%s=%s", target == AD ? "CN" : "uid", escaped);
            free(escaped);
        }
        // The RDN says it, in AD.
        if (target != AD || strcmp(name, "cn")) put(write, LDAP_MOD_ADD, name, values[0]->bv_val, values[0]->bv_len);
        ldap_value_free_len(values);
    }
    if (target == AD) {
        put(write, LDAP_MOD_ADD, "userAccountControl", "512", 3);
        put_password(write);
    }
    char *dn = ldap_get_dn(handle, message);
    if (!rdn) fail("%s has no name for the other side", dn);
    write->dn = target_dn(rdn, dn, copy->source);
    ldap_memfree(dn);
    free(rdn);
    enqueue(&copy->queue, write);
}

static int depth_below(const char *dn, const char *base) {
    int depth = 0;
    for (; strlen(dn) > strlen(base); dn = after_rdn(dn)) depth++;
    return depth;
}

static void copy_unit(LDAP *handle, LDAPMessage *message, void *context) {
    struct copy *copy = context;
    char *dn = ldap_get_dn(handle, message);
    if (depth_below(dn, people_base(copy->source)) == copy->depth) {
        struct write *write = allocate(sizeof *write);
        write->is_add = true;
        put(write, LDAP_MOD_ADD, "objectClass", "organizationalUnit", 18);
        char *rdn = strndup(dn, (size_t)(after_rdn(dn) - dn - 1));
        write->dn = target_dn(rdn, dn, copy->source);
        free(rdn);
        enqueue(&copy->queue, write);
    }
    ldap_memfree(dn);
}

static char **mapped_names(enum side side, const char *const *more) {
    char **names = allocate(sizeof(char *) * (MAPPED + 4));
    int count = 0;
    for (int index = 0; index < MAPPED; index++) names[count++] = (char *)mapped[index][side];
    for (; more && *more; more++) names[count++] = (char *)*more;
    return names;
}

static int run_copy(enum side source, bool copies_units) {
    struct copy copy = {.source = source};
    pthread_t threads[MOST_CONNECTIONS];
    LDAP *reader = open_side(source);
    char *no_attributes[] = {(char *)LDAP_NO_ATTRS, NULL};
    double begin = now();
    queue_init(&copy.queue, !source);
    int connections = start_writers(&copy.queue, threads, copies_units);
    long count = 0;
    if (copies_units)
        for (copy.depth = 1; copy.depth <= MOST_DEPTH; copy.depth++)
            count = paged_read(reader, people_base(source), "(objectClass=organizationalUnit)", no_attributes, copy_unit, &copy) - 1;
    else
        count = paged_read(reader, people_base(source), people_filter[source], mapped_names(source, NULL), copy_person, &copy);
    double read = now();
    close_queue(&copy.queue);
    for (int index = 0; index < connections; index++) pthread_join(threads[index], NULL);
    printf(
        "{\"entries\": %ld, \"seconds\": %.6f, \"readSeconds\": %.6f, \"refused\": %ld}\n", count, now() - begin, read - begin,
        copy.queue.refused
    );
    return copy.queue.refused ? 1 : 0;
}

/* ---- The reader ---- */

struct read {
    enum side side;
    long count;
    double seconds;
    LDAP *handle;
};

static void *read_side(void *argument) {
    static const char *const identity[][3] = {{"objectGUID", "uSNChanged", NULL}, {"entryUUID", "entryCSN", NULL}};
    struct read *read = argument;
    char **names = mapped_names(read->side, identity[read->side]);
    double begin = now();
    read->count = paged_read(read->handle, people_base(read->side), people_filter[read->side], names, NULL, NULL);
    read->seconds = now() - begin;
    return NULL;
}

static int run_read(bool sides[2]) {
    struct read reads[2];
    pthread_t threads[2];
    long entries = 0;
    for (int side = AD; side <= LDAP_SIDE; side++)
        if (sides[side]) reads[side] = (struct read){.side = side, .handle = open_side(side)};
    double begin = now();
    for (int side = AD; side <= LDAP_SIDE; side++)
        if (sides[side]) pthread_create(&threads[side], NULL, read_side, &reads[side]);
    for (int side = AD; side <= LDAP_SIDE; side++) {
        if (!sides[side]) continue;
        pthread_join(threads[side], NULL);
        fprintf(stderr, "floor: %s: %ld entries in %.3f s\n", side_name[side], reads[side].count, reads[side].seconds);
        entries += reads[side].count;
    }
    printf("{\"entries\": %ld, \"seconds\": %.6f}\n", entries, now() - begin);
    return 0;
}

/* ---- Changes ---- */

struct people {
    char **dns;
    int count;
};

static void note_person(LDAP *handle, LDAPMessage *message, void *context) {
    struct people *people = context;
    char *dn = ldap_get_dn(handle, message);
    struct berval **values = ldap_get_values_len(handle, message, "sAMAccountName");
    if (!values) values = ldap_get_values_len(handle, message, "uid");
    if (!values) return ldap_memfree(dn);
    // An account name ends with the person's number.
    size_t digits = values[0]->bv_len;
    while (digits && values[0]->bv_val[digits - 1] >= '0' && values[0]->bv_val[digits - 1] <= '9') digits--;
    int number = atoi(values[0]->bv_val + digits);
    ldap_value_free_len(values);
    if (number >= people->count) {
        int wanted = number + 1000;
        people->dns = realloc(people->dns, sizeof(char *) * (size_t)wanted);
        if (!people->dns) fail("no memory");
        memset(people->dns + people->count, 0, sizeof(char *) * (size_t)(wanted - people->count));
        people->count = wanted;
    }
    people->dns[number] = dn;
}

static struct people find_people(enum side side) {
    struct people people = {0};
    char *names[] = {(char *)mapped[0][side], NULL};
    LDAP *handle = open_side(side);
    paged_read(handle, people_base(side), people_filter[side], names, note_person, &people);
    ldap_unbind_ext(handle, NULL, NULL);
    while (people.count && !people.dns[people.count - 1]) people.count--;
    return people;
}

static int run_modify(bool sides[2], bool is_split, const char *prefix, int first, int count) {
    struct queue queues[2];
    pthread_t threads[2][MOST_CONNECTIONS];
    int connections[2] = {0, 0};
    for (int side = AD; side <= LDAP_SIDE; side++) {
        if (!sides[side]) continue;
        struct people people = find_people(side);
        queue_init(&queues[side], side);
        // All is known before the first is sent.
        queues[side].most = (size_t)count;
        int begin = first + (is_split && side == LDAP_SIDE ? count : 0);
        for (int number = begin; number < begin + count; number++) {
            if (number >= people.count || !people.dns[number]) fail("there is no person %d at %s", number, side_name[side]);
            struct write *write = allocate(sizeof *write);
            char *value = format_string("%s-%d", prefix, number);
            put(write, LDAP_MOD_REPLACE, "title", value, strlen(value));
            free(value);
            write->dn = strdup(people.dns[number]);
            enqueue(&queues[side], write);
        }
        close_queue(&queues[side]);
    }
    double begin = now(), ends[2] = {0, 0};
    for (int side = AD; side <= LDAP_SIDE; side++)
        if (sides[side]) connections[side] = start_writers(&queues[side], threads[side], false);
    long done = 0, refused = 0;
    for (int side = AD; side <= LDAP_SIDE; side++) {
        for (int index = 0; index < connections[side]; index++) pthread_join(threads[side][index], NULL);
        if (!sides[side]) continue;
        ends[side] = now();
        done += queues[side].done;
        refused += queues[side].refused;
    }
    double end = ends[0] > ends[1] ? ends[0] : ends[1];
    printf("{\"changes\": %ld, \"refused\": %ld, \"begin\": %.6f, \"end\": %.6f, \"seconds\": %.6f}\n", done, refused, begin, end, end - begin);
    return refused ? 1 : 0;
}

/* ---- One change at a time ---- */

struct feed {
    enum side source;
    struct people *targets;
    const char *prefix;
    int written;
    LDAP *writer;
    atomic_bool is_ready;
};

/* Writes what an entry of the feed holds to the other side, if it is one of ours and not yet there. */
static void forward(LDAP *handle, LDAPMessage *message, void *context) {
    struct feed *feed = context;
    struct berval **values = ldap_get_values_len(handle, message, "title");
    if (!values) return;
    size_t size = strlen(feed->prefix);
    int turn, number;
    if (values[0]->bv_len > size && !strncmp(values[0]->bv_val, feed->prefix, size)
        && sscanf(values[0]->bv_val + size, "-%d-%d", &turn, &number) == 2 && turn > feed->written) {
        feed->written = turn;
        LDAPMod change = {LDAP_MOD_REPLACE | LDAP_MOD_BVALUES, "title", {.modv_bvals = values}}, *changes[] = {&change, NULL};
        check(feed->writer, ldap_modify_ext_s(feed->writer, feed->targets->dns[number], changes, NULL, NULL), "modify");
    }
    ldap_value_free_len(values);
}

/* Change notifications ([MS-ADTS] 3.1.1.3.4.1.9), and the USN under them: a server of several workers notifies late. */
static void *follow_ad(void *argument) {
    struct feed *feed = argument;
    LDAP *notified = open_side(AD), *asked = open_side(AD);
    LDAPControl notification = {"1.2.840.113556.1.4.528", {0, NULL}, 1}, *controls[] = {&notification, NULL};
    char *names[] = {"title", NULL};
    int request;
    double pulse = number_setting("PULSE_MILLISECONDS", 100) / 1e3;
    long long seen = atoll(read_value(asked, "", "highestCommittedUSN"));
    int code = ldap_search_ext(
        notified, setting("AD_BASE"), LDAP_SCOPE_SUBTREE, "(objectClass=*)", names, 0, controls, NULL, NULL, 0, &request
    );
    check(notified, code, "notification");
    pause_for(0.2);
    feed->is_ready = true;
    for (;;) {
        LDAPMessage *message = next_message(notified, request, pulse);
        if (message) {
            if (ldap_msgtype(message) != LDAP_RES_SEARCH_ENTRY) fail("the notifications ended");
            forward(notified, message, feed);
            ldap_msgfree(message);
            continue;
        }
        char *text = read_value(asked, "", "highestCommittedUSN");
        long long highest = atoll(text);
        free(text);
        if (highest <= seen) continue;
        char *filter = format_string("(uSNChanged>=%lld)", seen + 1);
        paged_read(asked, setting("AD_BASE"), filter, names, forward, feed);
        free(filter);
        seen = highest;
    }
    return NULL;
}

/* syncrepl (RFC 4533), refreshAndPersist. */
static void *follow_ldap(void *argument) {
    struct feed *feed = argument;
    LDAP *handle = open_side(LDAP_SIDE);
    static char mode[] = {0x30, 0x03, 0x0a, 0x01, 0x03};
    LDAPControl sync = {LDAP_CONTROL_SYNC, {sizeof mode, mode}, 1}, *controls[] = {&sync, NULL};
    char *names[] = {"title", NULL};
    int request;
    int code = ldap_search_ext(
        handle, people_base(LDAP_SIDE), LDAP_SCOPE_SUBTREE, people_filter[LDAP_SIDE], names, 0, controls, NULL, NULL, 0, &request
    );
    check(handle, code, "syncrepl");
    for (;;) {
        LDAPMessage *message = next_message(handle, request, -1);
        int type = ldap_msgtype(message);
        if (type == LDAP_RES_SEARCH_ENTRY) forward(handle, message, feed);
        else if (type == LDAP_RES_INTERMEDIATE) feed->is_ready = true;
        else fail("syncrepl ended");
        ldap_msgfree(message);
    }
    return NULL;
}

static int run_single(enum side source, int count, bool is_bare) {
    struct people sources = find_people(source), targets = find_people(!source);
    char *prefix = format_string("S%d", (int)getpid());
    LDAP *writer = open_side(source), *reader = open_side(!source);
    struct feed feed = {.source = source, .targets = &targets, .prefix = prefix, .written = -1};
    if (is_bare) {
        pthread_t thread;
        feed.writer = open_side(!source);
        pthread_create(&thread, NULL, source == AD ? follow_ad : follow_ldap, &feed);
        while (!feed.is_ready) pause_for(0.01);
    }
    printf("{\"milliseconds\": [");
    int lost = 0, people = sources.count < targets.count ? sources.count : targets.count;
    for (int turn = 0; turn < count; turn++) {
        // Unlike any server's or client's period, so that no phase repeats.
        pause_for(0.011 + (double)(random() % 40000) / 1e6);
        int number = turn * 37 % people;
        if (!sources.dns[number] || !targets.dns[number]) fail("person %d is not at both sides", number);
        char *value = format_string("%s-%d-%d", prefix, turn, number);
        struct berval octets = {strlen(value), value}, *values[] = {&octets, NULL};
        LDAPMod change = {LDAP_MOD_REPLACE | LDAP_MOD_BVALUES, "title", {.modv_bvals = values}}, *changes[] = {&change, NULL};
        check(writer, ldap_modify_ext_s(writer, sources.dns[number], changes, NULL, NULL), "modify");
        double begin = now();
        bool is_there = false;
        while (!is_there && now() < begin + 30) {
            char *text = read_value(reader, targets.dns[number], "title");
            is_there = text && !strcmp(text, value);
            free(text);
            if (!is_there) pause_for(0.0003);
        }
        lost += !is_there;
        printf("%s%.3f", turn ? ", " : "", (now() - begin) * 1e3);
        free(value);
        if (lost > 3) break;
    }
    printf("], \"lost\": %d}\n", lost);
    return 0;
}

/* ---- Groups ---- */

enum { BATCH = 100, LARGE_BATCH = 1000 };

static const char *teams_base(enum side side) { return setting(side == AD ? "AD_TEAMS_BASE" : "LDAP_TEAMS_BASE"); }

static char *team_dn(enum side side, const char *name) {
    return format_string("%s=%s,%s", side == AD ? "CN" : "cn", name, teams_base(side));
}

/* The numbers of people by their DNs: open addressing, at most half full. */
struct numbers {
    char **dns;
    int *numbers;
    size_t size;
};

static size_t slot(const struct numbers *numbers, const char *dn) {
    size_t hash = 1469598103934665603u;
    for (const char *octet = dn; *octet; octet++) hash = (hash ^ (unsigned char)*octet) * 1099511628211u;
    size_t at = hash % numbers->size;
    while (numbers->dns[at] && strcmp(numbers->dns[at], dn)) at = (at + 1) % numbers->size;
    return at;
}

static struct numbers index_people(const struct people *people) {
    struct numbers numbers = {.size = (size_t)people->count * 2 + 16};
    numbers.dns = allocate(sizeof(char *) * numbers.size);
    numbers.numbers = allocate(sizeof(int) * numbers.size);
    for (int number = 0; number < people->count; number++) {
        if (!people->dns[number]) continue;
        size_t at = slot(&numbers, people->dns[number]);
        numbers.dns[at] = people->dns[number];
        numbers.numbers[at] = number;
    }
    return numbers;
}

struct group_copy {
    enum side source;
    struct people people[2];
    struct numbers numbers;
    struct queue adds, members;
    long memberships;
};

static void copy_group(LDAP *handle, LDAPMessage *message, void *context) {
    struct group_copy *copy = context;
    enum side target = !copy->source;
    struct berval **names = ldap_get_values_len(handle, message, "cn"), **held = ldap_get_values_len(handle, message, "member");
    if (!names) fail("a group without a name");
    int count = 0;
    char **members = allocate(sizeof(char *) * (size_t)(ldap_count_values_len(held) + 1));
    for (int index = 0; held && held[index]; index++) {
        size_t at = slot(&copy->numbers, held[index]->bv_val);
        if (!copy->numbers.dns[at]) fail("%s is nobody", held[index]->bv_val);
        members[count++] = copy->people[target].dns[copy->numbers.numbers[at]];
    }
    struct write *write = allocate(sizeof *write);
    write->is_add = true;
    const char *kind = target == AD ? "group" : "groupOfNames";
    put(write, LDAP_MOD_ADD, "objectClass", kind, strlen(kind));
    put(write, LDAP_MOD_ADD, target == AD ? "sAMAccountName" : "cn", names[0]->bv_val, names[0]->bv_len);
    struct berval **words = ldap_get_values_len(handle, message, "description");
    if (words) put(write, LDAP_MOD_ADD, "description", words[0]->bv_val, words[0]->bv_len);
    put_shared(write, LDAP_MOD_ADD, "member", members, count < BATCH ? count : BATCH);
    write->dn = team_dn(target, names[0]->bv_val);
    enqueue(&copy->adds, write);
    for (int first = BATCH; first < count; first += BATCH) {
        struct write *more = allocate(sizeof *more);
        put_shared(more, LDAP_MOD_ADD, "member", members + first, count - first < BATCH ? count - first : BATCH);
        more->dn = team_dn(target, names[0]->bv_val);
        enqueue(&copy->members, more);
    }
    copy->memberships += count;
    free(members);
    ldap_value_free_len(words);
    ldap_value_free_len(held);
    ldap_value_free_len(names);
}

static void *find_side(void *argument) {
    struct group_copy *copy = argument;
    copy->people[!copy->source] = find_people(!copy->source);
    return NULL;
}

static int run_copy_groups(enum side source) {
    static char *names[] = {"cn", "description", "member", NULL};
    struct group_copy copy = {.source = source};
    pthread_t reader, threads[MOST_CONNECTIONS];
    double begin = now();
    pthread_create(&reader, NULL, find_side, &copy);
    copy.people[source] = find_people(source);
    pthread_join(reader, NULL);
    copy.numbers = index_people(&copy.people[source]);
    queue_init(&copy.adds, !source);
    queue_init(&copy.members, !source);
    copy.adds.most = copy.members.most = 1u << 30;
    // A group's later members must not overtake it: first all groups, then the rest.
    int connections = start_writers(&copy.adds, threads, false);
    LDAP *handle = open_side(source);
    paged_read(handle, teams_base(source), source == AD ? "(objectClass=group)" : "(objectClass=groupOfNames)", names, copy_group, &copy);
    close_queue(&copy.adds);
    for (int index = 0; index < connections; index++) pthread_join(threads[index], NULL);
    close_queue(&copy.members);
    connections = start_writers(&copy.members, threads, false);
    for (int index = 0; index < connections; index++) pthread_join(threads[index], NULL);
    long refused = copy.adds.refused + copy.members.refused;
    printf("{\"memberships\": %ld, \"seconds\": %.6f, \"refused\": %ld}\n", copy.memberships, now() - begin, refused);
    return refused ? 1 : 0;
}

static void make_team(enum side side, const char *name, int count) {
    struct people people = find_people(side);
    if (people.count < count) fail("there are only %d people at %s", people.count, side_name[side]);
    LDAP *handle = open_side(side);
    for (int first = 0; first < count; first += LARGE_BATCH) {
        struct write *write = allocate(sizeof *write);
        int size = count - first < LARGE_BATCH ? count - first : LARGE_BATCH;
        write->dn = team_dn(side, name);
        if (!first) {
            const char *kind = side == AD ? "group" : "groupOfNames";
            put(write, LDAP_MOD_ADD, "objectClass", kind, strlen(kind));
            put(write, LDAP_MOD_ADD, side == AD ? "sAMAccountName" : "cn", name, strlen(name));
        }
        put_shared(write, LDAP_MOD_ADD, "member", people.dns + first, size);
        int code = first ? ldap_modify_ext_s(handle, write->dn, write->changes, NULL, NULL)
                         : ldap_add_ext_s(handle, write->dn, write->changes, NULL, NULL);
        check(handle, code, write->dn);
        free_write(write);
    }
    ldap_unbind_ext(handle, NULL, NULL);
}

static bool has_member(LDAP *handle, const char *group, const char *member) {
    char *no_attributes[] = {(char *)LDAP_NO_ATTRS, NULL};
    // RFC 4515 section 3: what has a meaning in a filter is written by its code.
    char *escaped = allocate(strlen(member) * 3 + 1), *end = escaped;
    for (const char *octet = member; *octet; octet++) {
        if (strchr("*()\\", *octet)) end += sprintf(end, "\\%02x", (unsigned char)*octet);
        else *end++ = *octet;
    }
    char *filter = format_string("(member=%s)", escaped);
    LDAPMessage *answer = NULL;
    check(handle, ldap_search_ext_s(handle, group, LDAP_SCOPE_BASE, filter, no_attributes, 0, NULL, NULL, NULL, 0, &answer), group);
    bool found = ldap_count_entries(handle, answer) > 0;
    ldap_msgfree(answer);
    free(filter);
    free(escaped);
    return found;
}

static int edit_member(LDAP *handle, const char *group, const char *member, bool joins) {
    struct berval octets = {strlen(member), (char *)member}, *values[] = {&octets, NULL};
    LDAPMod change = {(joins ? LDAP_MOD_ADD : LDAP_MOD_DELETE) | LDAP_MOD_BVALUES, "member", {.modv_bvals = values}};
    LDAPMod *changes[] = {&change, NULL};
    return ldap_modify_ext_s(handle, group, changes, NULL, NULL);
}

/* What is to be written when the source tells of the group: the barest forwarder knows it beforehand. */
struct errand {
    enum side source;
    char *group, *target_group;
    pthread_mutex_t lock;
    const char *member;
    bool joins, is_ready;
    LDAP *writer;
    double written;
};

static void carry_out(struct errand *errand) {
    pthread_mutex_lock(&errand->lock);
    if (errand->member) {
        double begin = now();
        check(errand->writer, edit_member(errand->writer, errand->target_group, errand->member, errand->joins), "forward");
        errand->written = now() - begin;
        errand->member = NULL;
    }
    pthread_mutex_unlock(&errand->lock);
}

static void *follow_group(void *argument) {
    struct errand *errand = argument;
    LDAP *handle = open_side(errand->source);
    static char mode[] = {0x30, 0x03, 0x0a, 0x01, 0x03};
    LDAPControl notification = {"1.2.840.113556.1.4.528", {0, NULL}, 1}, sync = {LDAP_CONTROL_SYNC, {sizeof mode, mode}, 1};
    LDAPControl *controls[] = {errand->source == AD ? &notification : &sync, NULL};
    char *names[] = {"cn", NULL};
    int request;
    const char *base = errand->source == AD ? setting("AD_BASE") : teams_base(LDAP_SIDE);
    check(handle, ldap_search_ext(handle, base, LDAP_SCOPE_SUBTREE, "(objectClass=*)", names, 0, controls, NULL, NULL, 0, &request), "follow");
    if (errand->source == AD) {
        pause_for(0.2);
        errand->is_ready = true;
    }
    for (;;) {
        // A server of several workers notifies late; the product asks at this interval, too.
        LDAPMessage *message = next_message(handle, request, errand->source == AD ? 0.1 : -1);
        if (!message) continue;
        int type = ldap_msgtype(message);
        if (type == LDAP_RES_INTERMEDIATE) errand->is_ready = true;
        else if (type == LDAP_RES_SEARCH_ENTRY) carry_out(errand);
        else fail("the feed ended");
        ldap_msgfree(message);
    }
    return NULL;
}

static int run_member(enum side source, const char *name, int first, int count, bool is_bare) {
    struct people sources = find_people(source), targets = find_people(!source);
    LDAP *writer = open_side(source), *reader = open_side(!source);
    struct errand errand = {.source = source, .group = team_dn(source, name), .target_group = team_dn(!source, name)};
    double source_seconds = 0, target_seconds = 0;
    pthread_mutex_init(&errand.lock, NULL);
    if (is_bare) {
        pthread_t thread;
        errand.writer = open_side(!source);
        pthread_create(&thread, NULL, follow_group, &errand);
        while (!errand.is_ready) pause_for(0.01);
    }
    printf("{\"milliseconds\": [");
    int lost = 0;
    for (int turn = 0; turn < count && lost <= 3; turn++) {
        pause_for(0.011 + (double)(random() % 40000) / 1e6);
        // Somebody joins, and leaves in the next turn.
        int number = first + turn / 2;
        bool joins = turn % 2 == 0;
        if (number >= sources.count || number >= targets.count) fail("there is no person %d", number);
        pthread_mutex_lock(&errand.lock);
        errand.joins = joins;
        errand.member = targets.dns[number];
        pthread_mutex_unlock(&errand.lock);
        double sent = now();
        check(writer, edit_member(writer, errand.group, sources.dns[number], joins), "member");
        double begin = now();
        source_seconds += begin - sent;
        bool is_there = false;
        while (!is_there && now() < begin + 30) {
            is_there = has_member(reader, errand.target_group, targets.dns[number]) == joins;
            if (!is_there) pause_for(0.0003);
        }
        lost += !is_there;
        printf("%s%.3f", turn ? ", " : "", (now() - begin) * 1e3);
        target_seconds += errand.written;
    }
    printf("], \"lost\": %d, \"sourceMilliseconds\": %.3f, \"targetMilliseconds\": %.3f}\n", lost, source_seconds * 1e3 / count, target_seconds * 1e3 / count);
    return 0;
}

/* A membership of the sample groups that nobody has from the beginning: whoever would be next if the groups were larger. */
static int stranger(int group, int place, int size, int people) { return (int)((long)(group * size + size + place) * 7919 % people); }

/* Those with names of their own come first. */
enum { NAMED_GROUPS = 6 };

static int run_members(bool sides[2], bool is_split, bool joins, int groups, int size, int count) {
    struct queue queues[2];
    pthread_t threads[2][MOST_CONNECTIONS];
    int connections[2] = {0, 0}, numbered = groups - NAMED_GROUPS;
    if (numbered < 1) fail("more than %d groups, please", NAMED_GROUPS);
    long done = 0, refused = 0;
    for (int side = AD; side <= LDAP_SIDE; side++) {
        if (!sides[side]) continue;
        struct people people = find_people(side);
        queue_init(&queues[side], side);
        queues[side].most = (size_t)count;
        for (int turn = 0; turn < count; turn++) {
            if (is_split && turn % 2 != (int)side) continue;
            int group = NAMED_GROUPS + turn % numbered, number = stranger(group, turn / numbered, size, people.count);
            struct write *write = allocate(sizeof *write);
            char *name = format_string("Team %d", group);
            put_shared(write, joins ? LDAP_MOD_ADD : LDAP_MOD_DELETE, "member", &people.dns[number], 1);
            write->dn = team_dn(side, name);
            free(name);
            enqueue(&queues[side], write);
        }
        close_queue(&queues[side]);
    }
    double begin = now();
    for (int side = AD; side <= LDAP_SIDE; side++)
        if (sides[side]) connections[side] = start_writers(&queues[side], threads[side], false);
    for (int side = AD; side <= LDAP_SIDE; side++) {
        for (int index = 0; index < connections[side]; index++) pthread_join(threads[side][index], NULL);
        if (!sides[side]) continue;
        done += queues[side].done;
        refused += queues[side].refused;
    }
    double end = now();
    printf("{\"changes\": %ld, \"refused\": %ld, \"begin\": %.6f, \"end\": %.6f, \"seconds\": %.6f}\n", done, refused, begin, end, end - begin);
    return refused ? 1 : 0;
}

static bool exists(LDAP *handle, const char *dn) {
    char *no_attributes[] = {(char *)LDAP_NO_ATTRS, NULL};
    LDAPMessage *answer = NULL;
    int code = ldap_search_ext_s(handle, dn, LDAP_SCOPE_BASE, "(objectClass=*)", no_attributes, 0, NULL, NULL, NULL, 0, &answer);
    if (code != LDAP_NO_SUCH_OBJECT) check(handle, code, dn);
    bool found = code == LDAP_SUCCESS && ldap_count_entries(handle, answer) > 0;
    ldap_msgfree(answer);
    return found;
}

static double rename_unit(LDAP *handle, enum side side, const char *old, const char *new) {
    char *dn = format_string("OU=%s,%s", old, people_base(side)), *rdn = format_string("OU=%s", new);
    double begin = now();
    check(handle, ldap_rename_s(handle, dn, rdn, NULL, 1, NULL, NULL), dn);
    double took = now() - begin;
    free(dn);
    free(rdn);
    return took;
}

static int run_rename(enum side source, const char *old, const char *new, bool is_bare) {
    LDAP *writer = open_side(source), *other = open_side(!source);
    char *dn = format_string("OU=%s,%s", new, people_base(!source));
    double own = rename_unit(writer, source, old, new), begin = now(), target = 0;
    bool is_there = true;
    if (is_bare) {
        target = rename_unit(other, !source, old, new);
    } else {
        double limit = number_setting("RENAME_SECONDS", 60);
        while (!(is_there = exists(other, dn)) && now() < begin + limit) pause_for(0.0005);
    }
    printf(
        "{\"sourceSeconds\": %.6f, \"targetSeconds\": %.6f, \"agreementSeconds\": %.6f, \"complete\": %s}\n", own, target, now() - begin,
        is_there ? "true" : "false"
    );
    return 0;
}

/* ---- Looking on ---- */

static void count_members(LDAP *handle, LDAPMessage *message, void *context) {
    long *count = context;
    struct berval **values = ldap_get_values_len(handle, message, "member");
    for (int index = 0; values && values[index]; index++)
        *count += strncasecmp(values[index]->bv_val, "cn=syncline-placeholder,", 24) != 0;
    ldap_value_free_len(values);
}

static long count_entries(LDAP *handle, enum side side, const char *filter) {
    char *no_attributes[] = {(char *)LDAP_NO_ATTRS, NULL}, *members[] = {"member", NULL};
    long count = 0;
    if (!strcmp(filter, "members")) {
        paged_read(handle, teams_base(side), "(member=*)", members, count_members, &count);
        return count;
    }
    return paged_read(handle, people_base(side), filter, no_attributes, NULL, NULL);
}

static int run_await(enum side side, const char *filter, long wanted, double quiet, double limit) {
    LDAP *handle = open_side(side);
    const char *dn = side == AD ? "" : setting("LDAP_BASE"), *name = side == AD ? "highestCommittedUSN" : "contextCSN";
    double begin = now(), last = begin, shown = begin, looked = 0;
    double interval = number_setting("AWAIT_MILLISECONDS", 10) / 1e3;
    // Memberships may become fewer: then only the exact number is what is waited for.
    bool has_moved = false, is_exact = !strcmp(filter, "members"), is_there = false;
    char *stamp = read_value(handle, dn, name);
    long count = 0;
    while (now() < begin + limit) {
        char *current = read_value(handle, dn, name);
        double time = now();
        if (strcmp(current ? current : "", stamp ? stamp : "")) {
            has_moved = true;
            last = time;
            free(stamp);
            stamp = current;
        } else {
            free(current);
        }
        // Counting costs the server much, so it is done when nothing else is; late where nothing has come at all.
        double patience = has_moved ? quiet : quiet + 20;
        if (time - last > patience && time - looked > patience) {
            count = count_entries(handle, side, filter);
            looked = now();
            is_there = is_exact ? count == wanted : count >= wanted;
            if (is_there) break;
        }
        if (time - shown > 5) {
            fprintf(stderr, "floor: %s: waiting for %.0f s, last write seen %.1f s ago\n", side_name[side], time - begin, time - last);
            shown = time;
        }
        pause_for(interval);
    }
    printf("{\"count\": %ld, \"last\": %.6f, \"complete\": %s}\n", count, last, is_there ? "true" : "false");
    return 0;
}

static enum side parse_side(const char *name) {
    if (!strcmp(name, "ad")) return AD;
    if (!strcmp(name, "ldap")) return LDAP_SIDE;
    fail("%s: ad or ldap", name);
    return AD;
}

int main(int count, char **arguments) {
    const char *command = count > 2 ? arguments[1] : "", *name = count > 2 ? arguments[2] : "";
    bool is_split = !strcmp(name, "split"), is_both = is_split || !strcmp(name, "both");
    bool sides[2] = {is_both || !strcmp(name, "ad"), is_both || !strcmp(name, "ldap")};
    srandom((unsigned)getpid());
    if (!strcmp(command, "read") && count == 3) return run_read(sides);
    if (!strcmp(command, "copy") && count == 3) return run_copy(parse_side(name), false);
    if (!strcmp(command, "units") && count == 3) return run_copy(parse_side(name), true);
    if (!strcmp(command, "modify") && count == 6) return run_modify(sides, is_split, arguments[3], atoi(arguments[4]), atoi(arguments[5]));
    if (!strcmp(command, "single") && count == 5) return run_single(parse_side(name), atoi(arguments[3]), !strcmp(arguments[4], "bare"));
    if (!strcmp(command, "await") && count == 7)
        return run_await(parse_side(name), arguments[3], atol(arguments[4]), atof(arguments[5]), atof(arguments[6]));
    if (!strcmp(command, "count") && count == 4) {
        printf("{\"count\": %ld}\n", count_entries(open_side(parse_side(name)), parse_side(name), arguments[3]));
        return 0;
    }
    if (!strcmp(command, "copy-groups") && count == 3) return run_copy_groups(parse_side(name));
    if (!strcmp(command, "team") && count == 4) {
        for (int side = AD; side <= LDAP_SIDE; side++) make_team(side, name, atoi(arguments[3]));
        puts("{}");
        return 0;
    }
    if (!strcmp(command, "member") && count == 7)
        return run_member(parse_side(name), arguments[3], atoi(arguments[4]), atoi(arguments[5]), !strcmp(arguments[6], "bare"));
    if (!strcmp(command, "members") && count == 7)
        return run_members(sides, is_split, !strcmp(arguments[3], "add"), atoi(arguments[4]), atoi(arguments[5]), atoi(arguments[6]));
    if (!strcmp(command, "rename") && count == 6)
        return run_rename(parse_side(name), arguments[3], arguments[4], !strcmp(arguments[5], "bare"));
    fail("wrong arguments; see the head of floor.c");
}

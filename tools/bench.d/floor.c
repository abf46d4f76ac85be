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
    const char *path = setting(side == AD ? "AD_SYNC_PASSWORD_FILE" : "LDAP_SYNC_PASSWORD_FILE");
    FILE *file = fopen(path, "r");
    if (!file || !fgets(password, sizeof password, file)) fail("no password in %s", path);
    fclose(file);
    password[strcspn(password, "\r\n")] = 0;
    struct berval credentials = {strlen(password), password};
    const char *name = setting(side == AD ? "AD_SYNC_DN" : "LDAP_SYNC_DN");
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
};

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

static int start_writers(struct queue *queue, pthread_t threads[MOST_CONNECTIONS]) {
    int connections = queue->side == AD ? 2 : 1;
    queue->window = number_setting("IN_FLIGHT", 16) / connections;
    if (queue->window < 1) queue->window = 1;
    for (int index = 0; index < connections; index++) pthread_create(&threads[index], NULL, write_all, queue);
    return connections;
}

/* ---- The copier ---- */

struct copy {
    enum side source;
    struct queue queue;
};

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

static void copy_unit(LDAP *handle, LDAPMessage *message, void *context) {
    struct copy *copy = context;
    char *dn = ldap_get_dn(handle, message);
    if (strcasecmp(dn, people_base(copy->source))) {
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
    int connections = start_writers(&copy.queue, threads);
    long count;
    if (copies_units)
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
        if (sides[side]) connections[side] = start_writers(&queues[side], threads[side]);
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

/* ---- Looking on ---- */

static long count_entries(LDAP *handle, enum side side, const char *filter) {
    char *no_attributes[] = {(char *)LDAP_NO_ATTRS, NULL};
    return paged_read(handle, people_base(side), filter, no_attributes, NULL, NULL);
}

static int run_await(enum side side, const char *filter, long wanted, double quiet, double limit) {
    LDAP *handle = open_side(side);
    const char *dn = side == AD ? "" : setting("LDAP_BASE"), *name = side == AD ? "highestCommittedUSN" : "contextCSN";
    double begin = now(), last = begin, shown = begin, looked = 0;
    double interval = number_setting("AWAIT_MILLISECONDS", 5) / 1e3;
    bool has_moved = false;
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
            if (count >= wanted) break;
        }
        if (time - shown > 5) {
            fprintf(stderr, "floor: %s: waiting for %.0f s, last write seen %.1f s ago\n", side_name[side], time - begin, time - last);
            shown = time;
        }
        pause_for(interval);
    }
    printf("{\"count\": %ld, \"last\": %.6f, \"complete\": %s}\n", count, last, count >= wanted ? "true" : "false");
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
    fail("wrong arguments; see the head of floor.c");
}

#ifndef SYNCLINE_CMEMORY_H
#define SYNCLINE_CMEMORY_H

/* From now on everything that the calling thread gives back to the allocator is wiped first. The TLS libraries keep
   decrypted records, and what is to be encrypted, in memory that they free as it is; nothing else can reach it there. */
void cmemory_wipe_freed(void);

#endif

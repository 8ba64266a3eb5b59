/* When the child is started again after it has ended: a decision only, which touches nothing. */
#ifndef CASARE_PACE_H
#define CASARE_PACE_H

#include "settings.h"

#define PACE_MOST_EXITS 32

enum pace_word {
    /* Again, after a pause. */
    PACE_AGAIN,
    /* This end makes it a crash loop: told once, until a run is steady. */
    PACE_LOOP_FOUND,
    /* The loop goes on. */
    PACE_LOOP,
    /* The child says that its configuration or its identity is wrong: trying often would only hammer. */
    PACE_REFUSED,
};

struct pace {
    DWORD pause_ms;
    bool looping;
    /* When the last ends were, oldest overwritten first. */
    ULONGLONG exits[PACE_MOST_EXITS];
    DWORD count;
};

void pace_begin(struct pace *pace, const struct settings *settings);

/* `now` and `ran` in milliseconds, `chance` any number; gives the pause. */
enum pace_word pace_after_exit(struct pace *pace, const struct settings *settings, ULONGLONG now, ULONGLONG ran, DWORD code,
                               DWORD chance, DWORD *pause_ms);

#endif

#include "pace.h"

/* As the agent's command line has it (edge-agent/src/fault.ts). */
#define EXIT_USAGE 2
#define EXIT_NOT_AUTHORISED 3

static bool is_loop(const struct pace *pace, const struct settings *settings, ULONGLONG now);
static DWORD with_jitter(DWORD pause_ms, DWORD chance);

void pace_begin(struct pace *pace, const struct settings *settings) {
    ZeroMemory(pace, sizeof *pace);
    pace->pause_ms = settings->first_pause_ms;
}

enum pace_word pace_after_exit(struct pace *pace, const struct settings *settings, ULONGLONG now, ULONGLONG ran, DWORD code,
                               DWORD chance, DWORD *pause_ms) {
    if (ran >= settings->steady_ms) pace_begin(pace, settings);
    pace->exits[pace->count % PACE_MOST_EXITS] = now;
    pace->count += 1;
    if (code == EXIT_USAGE || code == EXIT_NOT_AUTHORISED) {
        *pause_ms = with_jitter(settings->slow_pause_ms, chance);
        return PACE_REFUSED;
    }
    if (is_loop(pace, settings, now)) {
        bool known = pace->looping;
        pace->looping = true;
        *pause_ms = with_jitter(settings->slow_pause_ms, chance);
        return known ? PACE_LOOP : PACE_LOOP_FOUND;
    }
    *pause_ms = with_jitter(pace->pause_ms, chance);
    pace->pause_ms = pace->pause_ms > settings->most_pause_ms / 2 ? settings->most_pause_ms : pace->pause_ms * 2;
    return PACE_AGAIN;
}

/* Once in a loop only a steady run leads out of it: slow ends do not fill the window. */
static bool is_loop(const struct pace *pace, const struct settings *settings, ULONGLONG now) {
    if (pace->looping) return true;
    if (pace->count < settings->loop_exits) return false;
    ULONGLONG oldest = pace->exits[(pace->count - settings->loop_exits) % PACE_MOST_EXITS];
    return now - oldest <= settings->loop_window_ms;
}

/* From a half to the whole of it: a thousand agents that lost the same thing do not come back in step. */
static DWORD with_jitter(DWORD pause_ms, DWORD chance) {
    DWORD half = pause_ms / 2;
    return half + chance % (pause_ms - half + 1);
}

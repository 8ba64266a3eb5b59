/*
 * What every part of the service host includes: Windows, and the bounds that hold everywhere.
 *
 * The host runs under the agent's own low-privileged account and keeps one child alive: `node.exe casare-agent.mjs run`, both
 * from the folder that the host itself is in, which only administrators may write. It takes no program from its arguments,
 * from the registry or from a search path. Every Win32 call is checked; every text has a bound.
 */
#ifndef CASARE_HOST_H
#define CASARE_HOST_H

#define WIN32_LEAN_AND_MEAN
#define NOMINMAX
#include <windows.h>

#include <stdbool.h>
#include <stddef.h>

/* Characters of a path, its end included. */
#define HOST_PATH 1024
/* Characters of one line that a person reads. */
#define HOST_LINE 2048

#define HOST_SERVICE L"CasareAgent"
#define HOST_EVENT_SOURCE L"Casare Agent"

#endif

/* The host as a service of Windows: what the service manager is told, and what it asks. */
#ifndef CASARE_SERVICE_H
#define CASARE_SERVICE_H

#include "settings.h"

/* Serves until the service has stopped; `problem` is empty when the settings are right. Gives the exit code of the program. */
int service_run(const struct settings *settings, const wchar_t *problem);

/* The same for a person at a prompt: Ctrl+C stops it. */
int console_run(const struct settings *settings);

#endif

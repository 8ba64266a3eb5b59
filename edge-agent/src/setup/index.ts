/** Setting an agent up and taking it away, for installers. */
export { configOf, configure } from './configure.ts';
export { purge } from './purge.ts';
export { installService, uninstallService } from './service.ts';
export { closeSessions, openSessions } from './sessions.ts';

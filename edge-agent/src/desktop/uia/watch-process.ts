/** The process that hears changes of a session's desktop: started by the agent's side, over Node's channel between processes. */
import { watchDesktop } from './watch.ts';

watchDesktop((message) => process.send?.(message));
// Whoever started it is gone.
process.on('disconnect', () => process.exit(0));

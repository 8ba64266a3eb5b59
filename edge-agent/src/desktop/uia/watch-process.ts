/** The process that hears changes of a session's desktop: started by the agent's side, over Node's channel between processes. */
import { watchDesktop } from './watch.ts';

watchDesktop({
  send: (message) => process.send?.(message),
  onMessage: (listener) => process.on('message', listener),
  onClose: (listener) => process.on('disconnect', listener),
  end: () => process.exit(1),
});
// Whoever started it is gone.
process.on('disconnect', () => process.exit(0));

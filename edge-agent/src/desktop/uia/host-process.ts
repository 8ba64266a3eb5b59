/** The process of a desktop host: started by the agent's side for one session, over Node's channel between processes. */
import { serveDesktop } from './host.ts';

serveDesktop({
  send: (message) => process.send?.(message),
  onMessage: (listener) => process.on('message', listener),
  onClose: (listener) => process.on('disconnect', listener),
  end: () => process.exit(1),
});
// Whoever started it is gone.
process.on('disconnect', () => process.exit(0));

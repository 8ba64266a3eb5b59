/** For tests: a worker host as a process of its own, with workers of the module that is named. */
import { dirname, join } from 'node:path';
import { agentVersion } from '../service/machine.ts';
import { runWorkerHost } from './host.ts';
import { placeOf } from './place.ts';

const [socket = '', module = '', home = join(dirname(socket), 'host-home')] = process.argv.slice(2);
const stopping = new AbortController();
process.on('SIGTERM', () => stopping.abort());
await runWorkerHost({
  ...{
    place: placeOf(socket),
    home,
    session: () => null,
    version: agentVersion(),
    installed: agentVersion,
    environment: process.env,
    platform: process.platform,
  },
  module: new URL(module),
  random: Math.random,
  log: (message) => process.stdout.write(`${message}\n`),
  stopped: stopping.signal,
});
process.exit(0);

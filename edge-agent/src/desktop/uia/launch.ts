/** Begins a desktop host, or what hears changes, as a process of its own. */
import { fork } from 'node:child_process';
import type { Channel } from './calls.ts';

/** As the module is run: from its source or built. */
const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';

const MODULES = {
  host: new URL(`./host-process.${extension}`, import.meta.url),
  watch: new URL(`./watch-process.${extension}`, import.meta.url),
} as const;

/** It ends with this process: its channel closes. */
export function launch(what: keyof typeof MODULES, env: Readonly<Record<string, string | undefined>>): Channel {
  const child = fork(MODULES[what], [], {
    serialization: 'advanced',
    stdio: 'ignore',
    env: { ...env },
    execArgv: extension === 'ts' ? ['--conditions=source', '--no-warnings=ExperimentalWarning'] : [],
  });
  // What could not be started closes: calls that wait hear it.
  let closed: () => void = () => undefined;
  child.once('error', () => closed());
  child.once('exit', () => closed());
  return {
    send: (message) => {
      if (child.connected) child.send(message as object, () => undefined);
    },
    onMessage: (listener) => child.on('message', listener),
    onClose: (listener) => {
      closed = listener;
    },
    end: () => child.kill('SIGKILL'),
  };
}

/**
 * Stands where the agent is, below the service host: does what the file `mode` in its home says, and leaves files that say
 * what it has done. Runs on Windows; whoever ends it is the host.
 */
import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const home = process.argv[process.argv.indexOf('--home') + 1];
const inHome = (name) => path.join(home, name);

const MODES = {
  /** Asked to stop, it has something to finish, until the test lets it. */
  serves() {
    process.stdin.once('end', () => {
      writeFileSync(inHome('ending'), '');
      setInterval(() => {
        if (!existsSync(inHome('may-end'))) return;
        writeFileSync(inHome('ended'), '');
        process.exit(0);
      }, 20);
    });
  },
  /** Does not listen, and has a child that wants to outlive it. */
  ignores() {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000) // grandchild'], {
      detached: true,
      stdio: 'ignore',
    });
    child.once('spawn', () => writeFileSync(inHome('grandchild'), ''));
    setInterval(() => undefined, 1_000);
  },
  fails(code) {
    console.error('what went wrong, at last');
    process.exit(Number(code));
  },
  talks() {
    for (let number = 0; number < 400; number += 1) console.log(`line ${number} of Größe Ж`);
    writeFileSync(inHome('said'), '');
    process.stdin.once('end', () => process.exit(0));
  },
};

const run = {
  pid: process.pid,
  arguments: process.argv.slice(2),
  folder: process.cwd(),
  nodeOptions: process.env.NODE_OPTIONS ?? null,
};
appendFileSync(inHome('runs'), `${JSON.stringify(run)}\n`);
process.stdin.resume();
const [mode, value] = readFileSync(inHome('mode'), 'utf8').split(' ');
MODES[mode](value);

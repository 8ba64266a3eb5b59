/** A lock between processes, by a file: what is made once below `node_modules` is made by one of them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Waits for the lock. The kernel frees it when this process ends, however it ends. */
export async function lock(file: string): Promise<() => Promise<void>> {
  const holder = spawn('flock', [file, 'sh', '-c', 'echo held; exec cat'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(holder, 'exit');
  const first = await Promise.race([once(holder.stdout, 'data'), ended]);
  if (!Buffer.isBuffer(first[0])) throw new Error(`flock ${file} ended with ${String(first[0])}`);
  return async () => {
    holder.stdin.end();
    await ended;
  };
}

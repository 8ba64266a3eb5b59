import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { CpuWatch } from './cpu.ts';

/** Uses a third of a second, says its number, and stays. */
const BURN = `const used = () => Object.values(process.cpuUsage()).reduce((sum, part) => sum + part);
while (used() < 350_000);
console.log(process.pid); setInterval(() => undefined, 1_000);`;

test.runIf(process.platform === 'linux')('what a killed tree has used stays counted', async () => {
  const shell = spawn('sh', ['-c', '"$0" -e "$1" & wait', process.execPath, BURN], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const watch = new CpuWatch(() => [shell.pid!]);
  try {
    const [said] = (await once(shell.stdout, 'data')) as [Buffer];
    const before = watch.sample().own;
    expect(before).toBeGreaterThanOrEqual(0.3);
    shell.kill('SIGKILL');
    process.kill(Number(String(said)), 'SIGKILL');
    await once(shell, 'close');
    expect(watch.sample().own).toBeGreaterThanOrEqual(before);
  } finally {
    watch.stop();
  }
});
